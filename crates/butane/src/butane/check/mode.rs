//! Modes that were meant in octal: 644 is `--w----r-T`, and hardly what anyone wants.

/// Whether a mode makes no sense, but would in octal.
pub(super) fn is_decimal_by_mistake(mode: i64, directory: bool) -> bool {
    as_octal(mode).is_some_and(|meant| !is_typical(mode, directory) && is_typical(meant, directory))
}

/// The number that the same digits are in octal; none where they are no octal digits.
fn as_octal(mode: i64) -> Option<i64> {
    match mode {
        0..=7777 => i64::from_str_radix(&mode.to_string(), 8).ok(),
        _ => None,
    }
}

/// Whether a mode is no surprise. Unusual ones that make sense now and then are not typical.
fn is_typical(mode: i64, directory: bool) -> bool {
    if mode == 0 {
        return true;
    }
    let digits = [mode & 7, mode >> 3 & 7, mode >> 6 & 7];
    // From others to the owner, each may do what those before it may, and who reads at all may write or execute.
    let mut before = 0;
    for may in digits {
        let loses = before & !may != 0;
        let gains_execution_late = may & 1 != 0 && before & 4 != 0 && before & 1 == 0;
        if loses || gains_execution_late || (may & 3 != 0 && may & 4 == 0) {
            return false;
        }
        before |= may;
    }
    let (readable, writable, executable) = (before & 4 != 0, before & 2 != 0, before & 1 != 0);
    let (set_user, set_group, sticky) = (mode & 0o4000 != 0, mode & 0o2000 != 0, mode & 0o1000 != 0);
    let special = match directory {
        true => executable && !set_user && (writable || !(set_group || sticky)),
        false => !sticky && (!(set_user || set_group) || (executable && mode & 2 == 0)),
    };
    readable && special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_modes_are_found() {
        for mode in [644, 755, 600, 444, 400] {
            assert!(is_decimal_by_mistake(mode, false), "{mode}");
        }
        for mode in [755, 700, 1777] {
            assert!(is_decimal_by_mistake(mode, true), "{mode}");
        }
        for mode in [0o644, 0o755, 0, 420, 888, 99999, -1, 0o4755] {
            assert!(!is_decimal_by_mistake(mode, false), "{mode}");
        }
        assert!(!is_decimal_by_mistake(0o1777, true));
    }
}
