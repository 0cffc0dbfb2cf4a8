//! Reads a block's attributes as types. What is wrong is complained about here, once, at the value; the caller only
//! sees `None`.

use crate::{
    Place,
    eval::{Binding, Scope, as_text, kind},
    fragment::{Fragment, Written},
    report::Note,
    source::{At, Span},
    world::World,
};
use firstlight_model::parse_duration;
use hcl_edit::{Span as _, expr::Expression};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

/// A block whose attributes are read.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'w, 'a> {
    pub(crate) world: &'w World<'a>,
    pub(crate) block: &'w Fragment<'a>,
    variable: Option<&'w Binding<'w>>,
}

impl<'w, 'a> Fields<'w, 'a> {
    pub(crate) fn new(world: &'w World<'a>, block: &'w Fragment<'a>) -> Self {
        Fields { world, block, variable: None }
    }

    pub(crate) fn with(self, variable: Option<&'w Binding<'w>>) -> Self {
        Fields { variable, ..self }
    }

    pub(crate) fn error(&self, span: Span, message: impl Into<String>) -> Note<'w> {
        self.world.problems.error(span, message)
    }

    /// The block's label, and where it stands.
    pub(crate) fn label(&self) -> At<String> {
        self.block.label.clone()
    }

    pub(crate) fn place(&self) -> Place {
        self.world.problems.place(self.block.header)
    }

    pub(crate) fn inner(&self, kind: &str) -> Option<Fields<'w, 'a>> {
        let block = self.block.blocks.iter().find(|block| block.kind == kind)?;
        Some(Fields { block, ..*self })
    }

    /// Another block, with what is in sight here.
    pub(crate) fn of(&self, block: &'w Fragment<'a>) -> Fields<'w, 'a> {
        Fields { block, ..*self }
    }

    pub(crate) fn written(&self, name: &str) -> Option<Written<'a>> {
        self.block.attributes.get(name).copied()
    }

    pub(crate) fn is_written(&self, name: &str) -> bool {
        self.block.attributes.contains_key(name)
    }

    /// Complains when none of `names` is there. `wanted` says what is missing.
    pub(crate) fn require(&self, name: &str, example: &str) {
        if !self.is_written(name) {
            let message = match (&*self.block.label.value, self.block.kind) {
                ("", kind) => format!("the `{kind}` block has no `{name}`"),
                (label, kind) => format!("the {kind} `{label}` has no `{name}`"),
            };
            self.error(self.block.header, message).label("required").help(format!("add `{name} = {example}`"));
        }
    }

    fn scope(&self, file: usize) -> Scope<'w, 'a> {
        let scope = Scope::new(self.world, file);
        self.variable.map_or(scope, |variable| scope.with(variable))
    }

    /// The evaluated attribute. `None` where it is not set, null, or wrong.
    pub(crate) fn value(&self, name: &str) -> Option<At<Value>> {
        let written = self.written(name)?;
        let value = self.scope(written.span.file).eval(written.expr).ok()?;
        (!value.is_null()).then_some(At::new(value, written.span))
    }

    /// True where the attribute is set, be it to something wrong; false where it is null.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        let Some(written) = self.written(name) else { return false };
        !self.scope(written.span.file).eval(written.expr).is_ok_and(|value| value.is_null())
    }

    /// A list's elements, or the one value that stands for a list of one. Elements written in brackets keep their
    /// own positions.
    pub(crate) fn items(&self, name: &str) -> Option<Vec<At<Value>>> {
        let written = self.written(name)?;
        let scope = self.scope(written.span.file);
        if let Expression::Array(array) = written.expr {
            let span =
                |expr: &Expression| expr.span().map_or(written.span, |range| Span::new(written.span.file, range));
            return Some(array.iter().filter_map(|expr| Some(At::new(scope.eval(expr).ok()?, span(expr)))).collect());
        }
        Some(match self.value(name)? {
            At { value: Value::Array(list), span } => list.into_iter().map(|value| At::new(value, span)).collect(),
            one => vec![one],
        })
    }

    /// The one complaint about types: `what` with its article.
    pub(crate) fn wrong_type<T>(&self, at: &At<Value>, name: &str, what: &str) -> Option<T> {
        self.error(at.span, format!("`{name}` is {what}, not {}", kind(&at.value)))
            .label(format!("this is {}", kind(&at.value)));
        None
    }

    pub(crate) fn text(&self, name: &str) -> Option<At<String>> {
        self.as_text(self.value(name)?, name)
    }

    fn as_text(&self, at: At<Value>, name: &str) -> Option<At<String>> {
        match as_text(&at.value) {
            Some(text) => Some(At::new(text, at.span)),
            None => self.wrong_type(&at, name, "a string"),
        }
    }

    pub(crate) fn texts(&self, name: &str) -> Option<Vec<At<String>>> {
        Some(self.items(name)?.into_iter().filter_map(|item| self.as_text(item, name)).collect())
    }

    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Option<At<T>> {
        self.parse(self.text(name)?, name)
    }

    pub(crate) fn parse<T: FromStr<Err: Display>>(&self, text: At<String>, name: &str) -> Option<At<T>> {
        match text.value.parse() {
            Ok(value) => Some(At::new(value, text.span)),
            Err(error) => {
                self.error(text.span, said(&error.to_string(), &text.value)).label(format!("not a valid `{name}`"));
                None
            }
        }
    }

    pub(crate) fn parsed_list<T: FromStr<Err: Display>>(&self, name: &str) -> Option<Vec<At<T>>> {
        Some(self.texts(name)?.into_iter().filter_map(|text| self.parse(text, name)).collect())
    }

    /// One of a closed set of words.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Option<At<T>> {
        let text = self.text(name)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(At::new(*value, text.span));
        }
        let all = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let help = crate::nearest::nearest(&text.value, words.iter().map(|(word, _)| *word));
        let help = help.map_or(format!("one of {all}"), |word| format!("did you mean \"{word}\"? It is one of {all}"));
        self.error(text.span, format!("`{}` is not a value of `{name}`", text.value)).help(help);
        None
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        let at = self.value(name)?;
        match &at.value {
            Value::Bool(yes) => Some(*yes),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => self.wrong_type(&at, name, "true or false"),
        }
    }

    pub(crate) fn number<T: TryFrom<i64>>(&self, name: &str, allowed: RangeInclusive<i64>) -> Option<T> {
        let at = self.value(name)?;
        let number = at.value.as_i64().or_else(|| at.value.as_str()?.trim().parse().ok());
        let Some(number) = number else {
            return self.wrong_type(&at, name, "a whole number");
        };
        let value = T::try_from(number).ok().filter(|_| allowed.contains(&number));
        if value.is_none() {
            let (least, most) = (allowed.start(), allowed.end());
            self.error(at.span, format!("`{name}` is from {least} to {most}, not `{number}`"));
        }
        value
    }

    pub(crate) fn duration(&self, name: &str) -> Option<At<Duration>> {
        let text = self.text(name)?;
        match parse_duration(&text.value) {
            Ok(duration) => Some(At::new(duration, text.span)),
            Err(error) => {
                self.error(text.span, error.to_string()).label(format!("not a valid `{name}`"));
                None
            }
        }
    }

    /// A map's entries. Entries written in braces keep their own positions.
    pub(crate) fn entries(&self, name: &str) -> Option<BTreeMap<String, At<Value>>> {
        let at = self.value(name)?;
        match at.value {
            Value::Object(map) => Some(map.into_iter().map(|(key, value)| (key, At::new(value, at.span))).collect()),
            _ => self.wrong_type(&at, name, "a map"),
        }
    }

    pub(crate) fn vars(&self) -> BTreeMap<String, Value> {
        let entries = self.entries("vars").unwrap_or_default();
        entries.into_iter().map(|(key, at)| (key, at.value)).collect()
    }

    /// The name of another block, which must be declared.
    pub(crate) fn reference(&self, name: &str, kind: &'static str) -> Option<At<String>> {
        self.text(name).filter(|text| self.world.known(kind, text))
    }
}

/// An error's own message, with the value in it when it does not say it itself (as the standard library's do not).
fn said(error: &str, value: &str) -> String {
    let shown: String = value.chars().take(80).collect();
    if error.contains('`') { error.to_owned() } else { format!("`{shown}`: {error}") }
}
