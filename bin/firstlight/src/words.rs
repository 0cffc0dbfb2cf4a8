//! Times and numbers in words.

use std::time::Duration;

/// `1 machine`, `2 machines`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `kitt, hal`; of many, the first ones: `kitt, hal, r2d2 and 9 more`.
pub(crate) fn few(names: &[String]) -> String {
    const SHOWN: usize = 6;
    match names.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.get(..SHOWN).unwrap_or(names).join(", ")),
    }
}

/// How long something took or is ago, as exactly as a person wants it: `4.2 s`, `42 s`, `14 min`, `3 h`, `5 d`.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        let told = |seconds: f64| span(Duration::from_secs_f64(seconds));
        assert_eq!(
            [4.25, 42.9, 119.0, 120.0, 7199.0, 7200.0, 200_000.0].map(told),
            ["4.2 s", "42 s", "119 s", "2 min", "119 min", "2 h", "2 d"]
        );
    }

    #[test]
    fn of_many_names_the_first_ones_are_said() {
        let names: Vec<String> = (1..=8).map(|n| format!("n{n}")).collect();
        assert_eq!(few(&names[..6]), "n1, n2, n3, n4, n5, n6");
        assert_eq!(few(&names), "n1, n2, n3, n4, n5, n6 and 2 more");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!([count(1, "class", "classes"), count(0, "class", "classes")], ["1 class", "0 classes"]);
    }
}
