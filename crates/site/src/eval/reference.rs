//! References: `local.x`, `network.boot.subnet`, `machine.rack["a"].address`, `each.value.mac`, and what follows them.

use super::{Eval, Failed, Scope, as_text, kind};
use crate::{
    fragment::Fragment,
    nearest::{nearest, suggestion},
    schema::{ROOTS, SITE},
    world::Instances,
};
use hcl_edit::{
    Decorated, Span as _,
    expr::{Expression, Traversal, TraversalOperator as Step},
};
use serde_json::Value;
use std::ops::Range;

/// How many steps one reference may have: following them recurses.
const MOST_STEPS: usize = 64;

type Steps<'t> = &'t [Decorated<Step>];
type At = Option<Range<usize>>;

impl<'a> Scope<'_, 'a> {
    /// A name without anything after it.
    pub(super) fn bare(&self, name: &str, at: At) -> Eval<Value> {
        if let Some(value) = self.variable(name) {
            return Ok(value.clone());
        }
        if ROOTS.contains(&name) {
            let rest = if matches!(name, "each" | "count") { "" } else { ", like `NAME.x`" };
            return self.not_alone(name, rest, at);
        }
        self.unknown_name(name, at)
    }

    fn not_alone(&self, name: &str, rest: &str, at: At) -> Eval<Value> {
        match name {
            "each" => self.fail(at, "`each` is known only in a machine with `for_each`", None),
            "count" => self.fail(at, "`count` is known only in a machine with `count`", None),
            _ => {
                let help = format!("name what is meant{}", rest.replace("NAME", name));
                self.fail(at, format!("`{name}` alone is not a value"), Some(help))
            }
        }
    }

    fn unknown_name(&self, name: &str, at: At) -> Eval<Value> {
        let known = ROOTS.iter().copied();
        let help = match nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.world.local_names().any(|local| local == name) => format!("did you mean `local.{name}`?"),
            None => format!("text is written in quotes: \"{name}\""),
        };
        self.fail(at, format!("there is no variable `{name}`"), Some(help))
    }

    pub(super) fn traversal(&self, traversal: &Traversal) -> Eval<Value> {
        let steps = &traversal.operators[..];
        if steps.len() > MOST_STEPS {
            return self.fail(traversal.span(), "this reference is too long", None);
        }
        let Expression::Variable(name) = &traversal.expr else {
            let value = self.eval(&traversal.expr)?;
            return self.walk(&value, steps, traversal.span());
        };
        let (name, at) = (name.value().as_str(), traversal.span());
        if let Some(value) = self.variable(name) {
            return self.walk(value, steps, at);
        }
        match name {
            "each" | "count" => self.not_alone(name, "", at),
            "local" => {
                let (value, rest) = self.local(steps, at.clone())?;
                self.walk(&value, rest, at)
            }
            "site" => self.site(steps, at),
            kind if ROOTS.contains(&kind) => self.block(kind, steps, at),
            _ => self.unknown_name(name, traversal.expr.span()),
        }
    }

    /// An attribute of the `site` block, which need not be there.
    fn site(&self, steps: Steps<'_>, at: At) -> Eval<Value> {
        match (self.world.find("site", ""), steps) {
            (Some(block), _) => self.attribute_of(block, None, steps, at),
            (None, [name]) if self.step_name(name)?.as_deref() == Some("name") => Ok(self.world.implied_site_name()),
            (None, _) => Ok(Value::Null),
        }
    }

    fn local<'t>(&self, steps: Steps<'t>, at: At) -> Eval<(Value, Steps<'t>)> {
        let Some((first, rest)) = steps.split_first() else { return Err(Failed) };
        let Some(name) = self.step_name(first)? else {
            return self.fail(at, "`local` is followed by a name", Some("like `local.x`".to_owned()));
        };
        // The complaint points at the reference's beginning, not at a long tail of steps after it.
        let at = at.map(|at| at.start..first.span().map_or(at.end, |step| step.end));
        Ok((self.world.local(&name, self.span(at))?, rest))
    }

    fn step_name(&self, step: &Decorated<Step>) -> Eval<Option<String>> {
        match step.value() {
            Step::GetAttr(name) => Ok(Some(name.as_str().to_owned())),
            Step::Index(expr) => Ok(as_text(&self.eval(expr)?)),
            Step::LegacyIndex(n) => Ok(Some(n.value().to_string())),
            Step::AttrSplat(_) | Step::FullSplat(_) => Ok(None),
        }
    }

    /// `kind.label`, `kind.label.attribute`, and for machines with `for_each` or `count` a key after the label.
    /// The block itself stands for its name.
    fn block(&self, kind: &str, steps: Steps<'_>, at: At) -> Eval<Value> {
        let name = match steps.first() {
            Some(step) => self.step_name(step)?,
            None => None,
        };
        let Some(name) = name else {
            return self.fail(at, format!("`{kind}` is followed by a name"), Some(format!("like `{kind}.x`")));
        };
        let Some(block) = self.world.find(kind, &name) else {
            if !self.world.is_broken(kind, &name) {
                self.world.undefined(kind, &name, self.span(at));
            }
            return Err(Failed);
        };
        let rest = &steps[1..];
        if kind != "machine" || *self.world.instances(block, self.span(at.clone()))? == Instances::One {
            return self.attribute_of(block, None, rest, at);
        }
        let key = match rest.first() {
            Some(step) => self.step_name(step)?,
            None => None,
        };
        let Some(key) = key else {
            let help = format!("name one of them: `machine.{name}[…]`");
            return self.fail(at, format!("`machine.{name}` is many machines"), Some(help));
        };
        self.check_key(block, &key, at.clone())?;
        self.attribute_of(block, Some(&key), &rest[1..], at)
    }

    fn check_key(&self, block: &Fragment<'a>, key: &str, at: At) -> Eval<()> {
        let (known, help) = match &*self.world.instances(block, self.span(at.clone()))? {
            Instances::Each(values) => (values.contains_key(key), suggestion(key, values.keys().map(|k| &**k))),
            Instances::Count(n) => (key.parse().is_ok_and(|at: usize| at < *n), Some(format!("`count` is {n}"))),
            Instances::One => (true, None),
        };
        match known {
            true => Ok(()),
            false => self.fail(at, format!("`machine.{}` has no instance `{key}`", block.label.value), help),
        }
    }

    fn attribute_of(&self, block: &Fragment<'a>, key: Option<&str>, steps: Steps<'_>, at: At) -> Eval<Value> {
        let name = match steps.first() {
            Some(step) => self.step_name(step)?,
            None if block.kind == "machine" => Some("name".to_owned()),
            None => return Ok(Value::String(block.label.value.clone())),
        };
        let Some(name) = name else {
            return self.fail(at, format!("a {} is followed by an attribute's name", block.kind), None);
        };
        let known = SITE.block(block.kind).map_or(&[][..], |schema| schema.attributes);
        if name != "name" && !known.contains(&&*name) {
            let help = suggestion(&name, known.iter().copied());
            return self.fail(at, format!("a {} has no attribute `{name}`", block.kind), help);
        }
        if name == "name" && block.kind != "machine" && block.kind != "site" {
            return Ok(Value::String(block.label.value.clone()));
        }
        let value = self.world.attribute(block, key, &name, self.span(at.clone()))?;
        self.walk(&value, steps.get(1..).unwrap_or_default(), at)
    }

    /// Follows steps into a value.
    fn walk(&self, value: &Value, steps: Steps<'_>, at: At) -> Eval<Value> {
        let Some((step, rest)) = steps.split_first() else {
            return Ok(value.clone());
        };
        if matches!(step.value(), Step::AttrSplat(_) | Step::FullSplat(_)) {
            return match value {
                Value::Null => Ok(Value::Array(Vec::new())),
                Value::Array(list) => {
                    list.iter().map(|value| self.walk(value, rest, at.clone())).collect::<Eval<_>>().map(Value::Array)
                }
                other => self.walk(other, rest, at).map(|value| Value::Array(vec![value])),
            };
        }
        let Some(name) = self.step_name(step)? else {
            return self.fail(at, "an index is a number or a string", None);
        };
        let next = match value {
            Value::Object(map) => map.get(&name),
            Value::Array(list) => name.parse().ok().and_then(|at: usize| list.get(at)),
            _ => None,
        };
        match (next, value) {
            (Some(next), _) => self.walk(next, rest, at),
            (None, Value::Object(map)) => {
                let help = suggestion(&name, map.keys().map(|key| &**key));
                self.fail(at, format!("this map has no key `{name}`"), help)
            }
            (None, Value::Array(list)) => {
                self.fail(at, format!("this list of {} has no element `{name}`", list.len()), None)
            }
            (None, other) => self.fail(at, format!("{} has no `{name}`", kind(other)), None),
        }
    }
}
