//! Evaluates HCL expressions to JSON values.
//!
//! Not hcl-rs's evaluator: that one knows no positions, takes functions without a context (so no `file`), and panics
//! on `1 / 0`. This one says where, and bounds depth and size, so that no text overflows the stack or the memory.

mod operators;
mod reference;
mod template;

use crate::{functions, source::Span, world::World};
use hcl_edit::{
    Span as _,
    expr::{Expression, ForExpr, FuncCall, Object, ObjectKey},
};
pub(crate) use operators::{equal, from_f64};
use serde_json::{Map, Value};
use std::ops::Range;

/// How deep evaluation may nest, over all the references that it follows. The parser allows 64 levels and 128
/// operators in one expression.
const DEEPEST: usize = 300;
/// How deep a value may nest.
const DEEPEST_VALUE: usize = 100;

/// The evaluation failed, and why is already among the problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

pub(crate) type Eval<T> = Result<T, Failed>;

/// A variable of a `for`, or `each` or `count`.
pub(crate) struct Binding<'b> {
    name: &'b str,
    value: &'b Value,
    outer: Option<&'b Binding<'b>>,
}

impl<'b> Binding<'b> {
    pub(crate) fn new(name: &'b str, value: &'b Value) -> Self {
        Binding { name, value, outer: None }
    }
}

/// Where an expression stands: its file and the variables in sight.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'b, 'a> {
    pub(crate) world: &'b World<'a>,
    file: usize,
    variables: Option<&'b Binding<'b>>,
}

impl<'b, 'a> Scope<'b, 'a> {
    pub(crate) fn new(world: &'b World<'a>, file: usize) -> Self {
        Scope { world, file, variables: None }
    }

    pub(crate) fn with(self, variable: &'b Binding<'b>) -> Self {
        Scope { variables: Some(variable), ..self }
    }

    fn variable(&self, name: &str) -> Option<&'b Value> {
        let mut next = self.variables;
        while let Some(binding) = next {
            if binding.name == name {
                return Some(binding.value);
            }
            next = binding.outer;
        }
        None
    }

    fn span(&self, range: Option<Range<usize>>) -> Span {
        Span::new(self.file, range.unwrap_or(0..0))
    }

    /// Reports a failure at `range`.
    fn fail<T>(&self, range: Option<Range<usize>>, message: impl Into<String>, help: Option<String>) -> Eval<T> {
        self.world.problems.error(self.span(range), message).help(help);
        Err(Failed)
    }

    /// The value of an expression.
    pub(crate) fn eval(&self, expr: &Expression) -> Eval<Value> {
        let depth = &self.world.depth;
        if depth.get() >= DEEPEST {
            return self.fail(expr.span(), "this is nested too deeply, counting the references in it", None);
        }
        depth.set(depth.get() + 1);
        let value = self.eval_inner(expr);
        depth.set(depth.get() - 1);
        let value = value?;
        self.afford(expr.span(), cost(expr, &value))?;
        Ok(value)
    }

    /// Stops a site that would produce more than memory holds.
    fn afford(&self, range: Option<Range<usize>>, amount: Option<usize>) -> Eval<()> {
        match amount {
            None => self.fail(range, "this value is nested too deeply", None),
            Some(amount) if !self.world.spend(amount) => {
                self.fail(range, "the site's expressions produce too much", Some("shorten what grows here".to_owned()))
            }
            Some(_) => Ok(()),
        }
    }

    fn eval_inner(&self, expr: &Expression) -> Eval<Value> {
        match expr {
            Expression::Null(_) => Ok(Value::Null),
            Expression::Bool(value) => Ok(Value::Bool(*value.value())),
            Expression::Number(number) => Ok(operators::from_hcl(number.value())),
            Expression::String(text) => Ok(Value::String(text.value().clone())),
            Expression::Array(items) => items.iter().map(|item| self.eval(item)).collect::<Eval<_>>().map(Value::Array),
            Expression::Object(object) => self.object(object),
            Expression::StringTemplate(template) => self.template(template),
            Expression::HeredocTemplate(heredoc) => self.template(&heredoc.template),
            Expression::Parenthesis(inner) => self.eval(inner.inner()),
            Expression::Variable(name) => self.bare(name.value().as_str(), name.span()),
            Expression::Conditional(branch) => {
                let taken = if self.condition(&branch.cond_expr)? { &branch.true_expr } else { &branch.false_expr };
                self.eval(taken)
            }
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::UnaryOp(op) => self.unary(op),
            Expression::BinaryOp(op) => self.binary(op),
            Expression::ForExpr(each) => self.for_each(each),
        }
    }

    fn condition(&self, expr: &Expression) -> Eval<bool> {
        match self.eval(expr)? {
            Value::Bool(yes) => Ok(yes),
            other => self.fail(expr.span(), format!("a condition is true or false, not {}", kind(&other)), None),
        }
    }

    fn object(&self, object: &Object) -> Eval<Value> {
        let mut map = Map::new();
        for (key, value) in object {
            let key = match key {
                ObjectKey::Ident(name) => name.as_str().to_owned(),
                ObjectKey::Expression(expr) => self.key(expr)?,
            };
            map.insert(key, self.eval(value.expr())?);
        }
        Ok(Value::Object(map))
    }

    fn key(&self, expr: &Expression) -> Eval<String> {
        let value = self.eval(expr)?;
        match as_text(&value) {
            Some(key) => Ok(key),
            None => self.fail(expr.span(), format!("a key is a string, not {}", kind(&value)), None),
        }
    }

    fn call(&self, call: &FuncCall) -> Eval<Value> {
        let name = call.name.name.as_str();
        let range = call.name.name.span().or(call.span());
        let function = functions::find(name).filter(|_| call.name.namespace.is_empty());
        let Some(function) = function else {
            let help = crate::nearest::nearest(name, functions::names());
            let help = help.map(|name| format!("did you mean `{name}`?"));
            let list = || Some("docs/site.md lists the functions".to_owned());
            return self.fail(range, format!("there is no function `{name}`"), help.or_else(list));
        };
        let mut arguments = Vec::new();
        for argument in call.args.iter() {
            arguments.push(self.eval(argument)?);
        }
        if call.args.expand_final() {
            match arguments.pop() {
                Some(Value::Array(last)) => arguments.extend(last),
                _ => return self.fail(range, "`...` follows a list", None),
            }
        }
        function.call(self.world, &arguments).or_else(|wrong| {
            let argument = wrong.argument.filter(|_| !call.args.expand_final());
            let argument = argument.and_then(|n| call.args.iter().nth(n)).and_then(|expr| expr.span());
            let help = wrong.help.or_else(|| Some(format!("usage: {}", function.usage)));
            self.fail(argument.or(range), format!("`{name}`: {}", wrong.message), help)
        })
    }

    fn for_each(&self, each: &ForExpr) -> Eval<Value> {
        let intro = &each.intro;
        let (mut list, mut map) = (Vec::new(), Map::new());
        for (key, value) in self.entries(&intro.collection_expr)? {
            let inner = Binding { name: intro.value_var.as_str(), value: &value, outer: self.variables };
            let outer =
                intro.key_var.as_ref().map(|name| Binding { name: name.as_str(), value: &key, outer: Some(&inner) });
            let scope = Scope { world: self.world, file: self.file, variables: Some(outer.as_ref().unwrap_or(&inner)) };
            if let Some(condition) = &each.cond
                && !scope.condition(&condition.expr)?
            {
                continue;
            }
            let value = scope.eval(&each.value_expr)?;
            let Some(key) = &each.key_expr else {
                list.push(value);
                continue;
            };
            let name = scope.key(key)?;
            match map
                .entry(name.clone())
                .or_insert_with(|| if each.grouping { Value::Array(Vec::new()) } else { Value::Null })
            {
                Value::Array(group) if each.grouping => group.push(value),
                slot if slot.is_null() => *slot = value,
                _ => {
                    let help = Some("write `...` after the value to collect them in lists".to_owned());
                    return scope.fail(key.span(), format!("the key `{name}` comes twice"), help);
                }
            }
        }
        Ok(if each.key_expr.is_some() { Value::Object(map) } else { Value::Array(list) })
    }

    /// What a `for` runs over: key and value.
    fn entries(&self, expr: &Expression) -> Eval<Vec<(Value, Value)>> {
        match self.eval(expr)? {
            Value::Array(list) => {
                Ok(list.into_iter().enumerate().map(|(at, value)| (Value::from(at), value)).collect())
            }
            Value::Object(map) => Ok(map.into_iter().map(|(key, value)| (Value::String(key), value)).collect()),
            other => self.fail(expr.span(), format!("`for` runs over a list or a map, not {}", kind(&other)), None),
        }
    }
}

/// What evaluating `expr` to `value` produced: the whole value where it was copied or computed, one where its parts
/// were already counted. `None` when it nests too deeply.
fn cost(expr: &Expression, value: &Value) -> Option<usize> {
    match expr {
        Expression::Traversal(_)
        | Expression::Variable(_)
        | Expression::FuncCall(_)
        | Expression::StringTemplate(_) => weight(value, 0),
        _ => Some(1),
    }
}

/// The size of a value, in values and bytes of text. `None` when it nests too deeply.
pub(crate) fn weight(value: &Value, depth: usize) -> Option<usize> {
    if depth > DEEPEST_VALUE {
        return None;
    }
    Some(match value {
        Value::String(text) => 1 + text.len() / 8,
        Value::Array(list) => list.iter().try_fold(1, |sum, value| Some(sum + weight(value, depth + 1)?))?,
        Value::Object(map) => map.iter().try_fold(1, |sum, (_, value)| Some(sum + 4 + weight(value, depth + 1)?))?,
        _ => 1,
    })
}

/// Strings, numbers and truth values as text, as templates write them.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// What a value is, with its article.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
