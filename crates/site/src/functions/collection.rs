//! Functions on lists and maps.

use super::{Called, Function, MANY, Wrong, function, kind, list, map, strings, text, whole};
use crate::eval::{equal, from_f64};
use serde_json::{Map, Value};

/// The longest list that `range` makes.
const LONGEST: i64 = 65_536;

pub(super) const FUNCTIONS: &[Function] = &[
    function("length", "length([1, 2])", 1, 1, |_, a| length(&a[0])),
    function("concat", "concat([1], [2, 3])", 0, MANY, |_, a| {
        let lists: Result<Vec<_>, _> = (0..a.len()).map(|n| list(a, n)).collect();
        Ok(lists?.into_iter().flatten().cloned().collect::<Vec<_>>().into())
    }),
    function("merge", "merge({ a = 1 }, { b = 2 })", 0, MANY, |_, a| {
        let maps: Result<Vec<_>, _> = (0..a.len()).filter(|n| !a[*n].is_null()).map(|n| map(a, n)).collect();
        Ok(Value::Object(maps?.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()))
    }),
    function("keys", "keys({ a = 1 })", 1, 1, |_, a| {
        Ok(map(a, 0)?.keys().map(|k| Value::from(&**k)).collect::<Vec<_>>().into())
    }),
    function("values", "values({ a = 1 })", 1, 1, |_, a| Ok(map(a, 0)?.values().cloned().collect::<Vec<_>>().into())),
    function("lookup", "lookup({ a = 1 }, \"a\", 0)", 2, 3, |_, a| lookup(a)),
    function("contains", "contains([\"a\"], \"a\")", 2, 2, |_, a| {
        Ok(list(a, 0)?.iter().any(|v| equal(v, &a[1])).into())
    }),
    function("element", "element([\"a\", \"b\"], 3)", 2, 2, |_, a| element(a)),
    function("slice", "slice([1, 2, 3], 0, 2)", 3, 3, |_, a| slice(a)),
    function("reverse", "reverse([1, 2])", 1, 1, |_, a| {
        Ok(list(a, 0)?.iter().rev().cloned().collect::<Vec<_>>().into())
    }),
    function("flatten", "flatten([[1], [2, [3]]])", 1, 1, |_, a| {
        let mut flat = Vec::new();
        flatten(list(a, 0)?, &mut flat);
        Ok(flat.into())
    }),
    function("distinct", "distinct([1, 1, 2])", 1, 1, |_, a| Ok(distinct(list(a, 0)?).into())),
    function("compact", "compact([\"a\", \"\"])", 1, 1, |_, a| {
        Ok(list(a, 0)?.iter().filter(|v| !v.is_null() && *v != "").cloned().collect::<Vec<_>>().into())
    }),
    function("sort", "sort([\"b\", \"a\"])", 1, 1, |_, a| sorted(strings(a, 0)?)),
    function("toset", "toset([\"b\", \"a\", \"b\"])", 1, 1, |_, a| toset(a)),
    function("zipmap", "zipmap([\"a\"], [1])", 2, 2, |_, a| zipmap(a)),
    function("range", "range(0, 4)", 1, 3, |_, a| range(a)),
    function("min", "min(1, 2)", 1, MANY, |_, a| extreme(a, f64::min)),
    function("max", "max(1, 2)", 1, MANY, |_, a| extreme(a, f64::max)),
    function("sum", "sum([1, 2])", 1, 1, |_, a| {
        numbers(list(a, 0)?)?.into_iter().reduce(|x, y| x + y).map_or(Ok(0.into()), finite)
    }),
];

fn length(value: &Value) -> Called {
    match value {
        Value::Array(list) => Ok(list.len().into()),
        Value::Object(map) => Ok(map.len().into()),
        Value::String(text) => Ok(text.chars().count().into()),
        other => Err(Wrong::argument(0, format!("needs a list, a map or a string, not {}", kind(other)))),
    }
}

fn lookup(a: &[Value]) -> Called {
    let (map, key) = (map(a, 0)?, text(a, 1)?);
    let missing = || Wrong {
        argument: Some(1),
        message: format!("the map has no key `{key}`"),
        help: Some("give a third argument for what it is then".to_owned()),
    };
    map.get(&key).or(a.get(2)).cloned().ok_or_else(missing)
}

fn element(a: &[Value]) -> Called {
    let (list, at) = (list(a, 0)?, whole(a, 1)?);
    let length = i64::try_from(list.len()).ok().filter(|length| *length > 0);
    let at = length
        .and_then(|length| at.checked_rem_euclid(length))
        .ok_or_else(|| Wrong::argument(0, "the list is empty"))?;
    Ok(list[at as usize].clone())
}

fn slice(a: &[Value]) -> Called {
    let (list, from, to) = (list(a, 0)?, whole(a, 1)?, whole(a, 2)?);
    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
    let part = range.and_then(|(from, to)| list.get(from..to));
    Ok(part
        .ok_or_else(|| Wrong::call(format!("a list of {} has no elements {from} to {to}", list.len())))?
        .to_vec()
        .into())
}

/// Recursion is bounded by how deep values may nest.
fn flatten(list: &[Value], flat: &mut Vec<Value>) {
    for value in list {
        match value {
            Value::Array(inner) => flatten(inner, flat),
            other => flat.push(other.clone()),
        }
    }
}

fn distinct(list: &[Value]) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    list.iter().filter(|value| seen.insert(value.to_string())).cloned().collect()
}

fn sorted(mut list: Vec<String>) -> Called {
    list.sort();
    Ok(list.into())
}

/// A list without repetitions, strings in order: there is no set among JSON's values.
fn toset(a: &[Value]) -> Called {
    let distinct = distinct(list(a, 0)?);
    if distinct.iter().all(Value::is_string) { sorted(strings(&[distinct.into()], 0)?) } else { Ok(distinct.into()) }
}

fn zipmap(a: &[Value]) -> Called {
    let (keys, values) = (strings(a, 0)?, list(a, 1)?);
    if keys.len() != values.len() {
        return Err(Wrong::call(format!("has {} keys for {} values", keys.len(), values.len())));
    }
    Ok(Value::Object(keys.into_iter().zip(values.iter().cloned()).collect::<Map<_, _>>()))
}

fn range(a: &[Value]) -> Called {
    let (start, end) = if a.len() == 1 { (0, whole(a, 0)?) } else { (whole(a, 0)?, whole(a, 1)?) };
    let step = if a.len() == 3 {
        whole(a, 2)?
    } else if end < start {
        -1
    } else {
        1
    };
    if step == 0 {
        return Err(Wrong::argument(2, "the step is zero"));
    }
    let mut made: Vec<Value> = Vec::new();
    let mut next = start;
    while if step > 0 { next < end } else { next > end } {
        if made.len() as i64 >= LONGEST {
            return Err(Wrong::call(format!("makes over {LONGEST} numbers")));
        }
        made.push(next.into());
        let Some(after) = next.checked_add(step) else { break };
        next = after;
    }
    Ok(made.into())
}

fn numbers(values: &[Value]) -> Result<Vec<f64>, Wrong> {
    let wrong = |value| Wrong::call(format!("needs numbers, not {}", kind(value)));
    values.iter().map(|value| value.as_f64().ok_or_else(|| wrong(value))).collect()
}

fn extreme(a: &[Value], pick: fn(f64, f64) -> f64) -> Called {
    let values = match a {
        [Value::Array(list)] => list,
        _ => a,
    };
    let found = numbers(values)?.into_iter().reduce(pick);
    finite(found.ok_or_else(|| Wrong::argument(0, "the list is empty"))?)
}

fn finite(number: f64) -> Called {
    from_f64(number).ok_or_else(|| Wrong::call("the result is too large"))
}
