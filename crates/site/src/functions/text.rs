//! Functions on text.

use super::{Called, Function, MANY, Wrong, function, list, strings, text, whole};
use serde_json::Value;

/// The longest text that a function makes.
const LONGEST: usize = 16 << 20;

pub(super) const FUNCTIONS: &[Function] = &[
    function("format", "format(\"rack-%02d-%s\", 3, \"a\")", 1, MANY, |_, a| {
        format(&text(a, 0)?, &a[1..], 1).map(Value::from)
    }),
    function("formatlist", "formatlist(\"%s.lab\", [\"a\", \"b\"])", 1, MANY, |_, a| formatlist(a)),
    function("join", "join(\",\", [\"a\", \"b\"])", 2, 2, |_, a| join(a)),
    function("split", "split(\",\", \"a,b\")", 2, 2, |_, a| split(a)),
    function("lower", "lower(\"ABC\")", 1, 1, |_, a| Ok(text(a, 0)?.to_lowercase().into())),
    function("upper", "upper(\"abc\")", 1, 1, |_, a| Ok(text(a, 0)?.to_uppercase().into())),
    function("title", "title(\"hello world\")", 1, 1, |_, a| Ok(title(&text(a, 0)?).into())),
    function("trimspace", "trimspace(\" a \")", 1, 1, |_, a| Ok(text(a, 0)?.trim().into())),
    function("trim", "trim(\"?!a?!\", \"!?\")", 1, 2, |_, a| trim(a)),
    function("trimprefix", "trimprefix(\"rack-a\", \"rack-\")", 2, 2, |_, a| {
        let (whole, prefix) = (text(a, 0)?, text(a, 1)?);
        Ok(whole.strip_prefix(&prefix).unwrap_or(&whole).into())
    }),
    function("trimsuffix", "trimsuffix(\"a.lab\", \".lab\")", 2, 2, |_, a| {
        let (whole, suffix) = (text(a, 0)?, text(a, 1)?);
        Ok(whole.strip_suffix(&suffix).unwrap_or(&whole).into())
    }),
    function("replace", "replace(\"a-b\", \"-\", \"_\")", 3, 3, |_, a| replace(a)),
    function("substr", "substr(\"abcdef\", 1, 3)", 3, 3, |_, a| substr(a)),
    function("startswith", "startswith(\"rack-a\", \"rack\")", 2, 2, |_, a| {
        Ok(text(a, 0)?.starts_with(&text(a, 1)?).into())
    }),
    function("endswith", "endswith(\"a.lab\", \".lab\")", 2, 2, |_, a| Ok(text(a, 0)?.ends_with(&text(a, 1)?).into())),
];

fn within(length: usize) -> Result<(), Wrong> {
    if length > LONGEST { Err(Wrong::call("the result is too long")) } else { Ok(()) }
}

fn join(a: &[Value]) -> Called {
    let (between, parts) = (text(a, 0)?, strings(a, 1)?);
    within(between.len().saturating_mul(parts.len()))?;
    Ok(parts.join(&between).into())
}

fn split(a: &[Value]) -> Called {
    let (by, whole) = (text(a, 0)?, text(a, 1)?);
    if by.is_empty() {
        return Ok(whole.chars().map(|c| Value::from(c.to_string())).collect::<Vec<_>>().into());
    }
    Ok(if whole.is_empty() {
        Vec::<Value>::new().into()
    } else {
        whole.split(&by).map(Value::from).collect::<Vec<_>>().into()
    })
}

fn title(text: &str) -> String {
    let mut start = true;
    let mut title = String::new();
    for c in text.chars() {
        if start {
            title.extend(c.to_uppercase())
        } else {
            title.push(c)
        }
        start = !c.is_alphanumeric();
    }
    title
}

fn trim(a: &[Value]) -> Called {
    let whole = text(a, 0)?;
    if a.len() == 1 {
        return Ok(whole.trim().into());
    }
    let set = text(a, 1)?;
    Ok(whole.trim_matches(|c| set.contains(c)).into())
}

fn replace(a: &[Value]) -> Called {
    let (whole, from, to) = (text(a, 0)?, text(a, 1)?, text(a, 2)?);
    if from.is_empty() {
        return Err(Wrong::argument(1, "needs something to look for"));
    }
    within(whole.matches(&from).count().saturating_mul(to.len()))?;
    Ok(whole.replace(&from, &to).into())
}

fn substr(a: &[Value]) -> Called {
    let (whole_text, from, length) = (text(a, 0)?, whole(a, 1)?, whole(a, 2)?);
    let chars = whole_text.chars().count();
    let from = if from < 0 { chars.saturating_sub(from.unsigned_abs() as usize) } else { from as usize };
    let length = if length < 0 { chars } else { length as usize };
    Ok(whole_text.chars().skip(from).take(length).collect::<String>().into())
}

fn formatlist(a: &[Value]) -> Called {
    let pattern = text(a, 0)?;
    let length = a[1..].iter().filter_map(|value| value.as_array().map(Vec::len)).max();
    let mut made = Vec::new();
    for at in 0..length.unwrap_or(1) {
        let row: Result<Vec<Value>, Wrong> = (1..a.len()).map(|n| element(a, n, at)).collect();
        made.push(Value::from(format(&pattern, &row?, 1)?));
    }
    Ok(made.into())
}

fn element(a: &[Value], n: usize, at: usize) -> Called {
    match &a[n] {
        Value::Array(_) => {
            let shorter = || Wrong::argument(n, "is a shorter list than the others");
            list(a, n)?.get(at).cloned().ok_or_else(shorter)
        }
        one => Ok(one.clone()),
    }
}

/// `%s %d %f %x %X %o %b %q %v %t %%`, with width, precision, `-`, `0` and `+`. `first` is the position of `values`
/// among the call's arguments.
fn format(pattern: &str, values: &[Value], first: usize) -> Result<String, Wrong> {
    let mut made = String::new();
    let mut next = 0;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            made.push(c);
            continue;
        }
        let mut spec = String::new();
        while let Some(c) = chars.next_if(|c| "+-0123456789. #".contains(*c)) {
            spec.push(c);
        }
        match chars.next() {
            Some('%') => made.push('%'),
            None => return Err(Wrong::argument(0, "ends in the middle of a `%`")),
            Some(verb) => {
                let missing = || Wrong::argument(0, format!("has no value for `%{verb}`"));
                let value = values.get(next).ok_or_else(missing)?;
                made.push_str(&one(&spec, verb, value, first + next)?);
                next += 1;
            }
        }
        within(made.len())?;
    }
    if next < values.len() {
        return Err(Wrong::argument(first + next, "has no place in the format"));
    }
    Ok(made)
}

/// One verb's text. `spec` is what stands between `%` and the verb.
fn one(spec: &str, verb: char, value: &Value, n: usize) -> Result<String, Wrong> {
    let number = || {
        let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
        number.ok_or_else(|| Wrong::argument(n, format!("needs a number for `%{verb}`, not {}", super::kind(value))))
    };
    let whole = || number().map(|number| value.as_i64().unwrap_or(number as i64));
    let flags: String = spec.chars().take_while(|c| "+-0 #".contains(*c)).collect();
    let (width, precision) = spec[flags.len()..].split_once('.').unwrap_or((&spec[flags.len()..], ""));
    let width: usize = width.parse().unwrap_or(0).min(1000);
    let precision: Option<usize> = precision.parse().ok().map(|p: usize| p.min(1000));
    let plain = match verb {
        'd' => whole()?.to_string(),
        'x' => format!("{:x}", whole()?),
        'X' => format!("{:X}", whole()?),
        'o' => format!("{:o}", whole()?),
        'b' => format!("{:b}", whole()?),
        'f' => format!("{:.*}", precision.unwrap_or(6), number()?),
        'q' => Value::from(string(value)).to_string(),
        's' | 'v' | 't' => {
            let text = string(value);
            precision.map_or(text.clone(), |most| text.chars().take(most).collect())
        }
        other => return Err(Wrong::argument(0, format!("knows no `%{other}`"))),
    };
    let plain =
        if flags.contains('+') && "df".contains(verb) && !plain.starts_with('-') { format!("+{plain}") } else { plain };
    let missing = width.saturating_sub(plain.chars().count());
    Ok(match (flags.contains('-'), flags.contains('0') && !"sqvt".contains(verb)) {
        (true, _) => plain + &" ".repeat(missing),
        (_, true) => match plain.strip_prefix(['-', '+']) {
            Some(digits) => format!("{}{}{digits}", &plain[..1], "0".repeat(missing)),
            None => "0".repeat(missing) + &plain,
        },
        _ => " ".repeat(missing) + &plain,
    })
}

fn string(value: &Value) -> String {
    crate::eval::as_text(value).unwrap_or_else(|| value.to_string())
}
