//! String templates: `"${…}"`, `%{ if }`, `%{ for }` and the `~` that eats white space beside them.

use super::{Binding, Eval, Scope, as_text, kind};
use hcl_edit::{
    Span as _,
    template::{Directive, Element, ForDirective, IfDirective, Strip, Template},
};
use serde_json::Value;

/// Which ends of a template lose their white space.
#[derive(Clone, Copy, Default)]
struct Trim {
    start: bool,
    end: bool,
}

impl Scope<'_, '_> {
    /// A template's value: text, or what a lone `"${…}"` holds.
    pub(super) fn template(&self, template: &Template) -> Eval<Value> {
        if let Some(Element::Interpolation(only)) = template.as_single_element() {
            return self.eval(&only.expr);
        }
        let mut text = String::new();
        self.write(template, Trim::default(), &mut text)?;
        Ok(Value::String(text))
    }

    fn write(&self, template: &Template, trim: Trim, text: &mut String) -> Eval<()> {
        let elements: Vec<&Element> = template.iter().collect();
        for (at, element) in elements.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| elements.get(at));
            match element {
                Element::Literal(literal) => {
                    let start = before.map_or(trim.start, |element| eats(element).1);
                    let end = elements.get(at + 1).map_or(trim.end, |element| eats(element).0);
                    let literal = if start { literal.trim_start() } else { literal.as_str() };
                    text.push_str(if end { literal.trim_end() } else { literal });
                }
                Element::Interpolation(part) => {
                    let value = self.eval(&part.expr)?;
                    match as_text(&value) {
                        Some(part) => text.push_str(&part),
                        None => {
                            let help = "use `join` for a list, or `jsonencode`".to_owned();
                            let message = format!("{} cannot be part of a text", kind(&value));
                            return self.fail(part.expr.span(), message, (!value.is_null()).then_some(help));
                        }
                    }
                }
                Element::Directive(directive) => match &**directive {
                    Directive::If(branch) => self.write_if(branch, text)?,
                    Directive::For(each) => self.write_for(each, text)?,
                },
            }
            self.afford(template.span(), Some(1))?;
        }
        Ok(())
    }

    fn write_if(&self, branch: &IfDirective, text: &mut String) -> Eval<()> {
        let end = branch.endif_expr.strip;
        let taken = self.condition(&branch.if_expr.cond_expr)?;
        match (&branch.else_expr, taken) {
            (other, true) => {
                let next = other.as_ref().map_or(end, |other| other.strip);
                self.write(&branch.if_expr.template, between(branch.if_expr.strip, next), text)
            }
            (Some(other), false) => self.write(&other.template, between(other.strip, end), text),
            (None, false) => Ok(()),
        }
    }

    fn write_for(&self, each: &ForDirective, text: &mut String) -> Eval<()> {
        let intro = &each.for_expr;
        for (key, value) in self.entries(&intro.collection_expr)? {
            let inner = Binding { name: intro.value_var.as_str(), value: &value, outer: self.variables };
            let outer =
                intro.key_var.as_ref().map(|name| Binding { name: name.as_str(), value: &key, outer: Some(&inner) });
            let scope = Scope { world: self.world, file: self.file, variables: Some(outer.as_ref().unwrap_or(&inner)) };
            scope.write(&intro.template, between(intro.strip, each.endfor_expr.strip), text)?;
            self.afford(intro.collection_expr.span(), Some(1 + text.len() / 64))?;
        }
        Ok(())
    }
}

/// Whether an element eats the white space before and after it.
fn eats(element: &Element) -> (bool, bool) {
    match element {
        Element::Literal(_) => (false, false),
        Element::Interpolation(part) => (starts(part.strip), ends(part.strip)),
        Element::Directive(directive) => match &**directive {
            Directive::If(branch) => (starts(branch.if_expr.strip), ends(branch.endif_expr.strip)),
            Directive::For(each) => (starts(each.for_expr.strip), ends(each.endfor_expr.strip)),
        },
    }
}

fn between(opening: Strip, closing: Strip) -> Trim {
    Trim { start: ends(opening), end: starts(closing) }
}

fn starts(strip: Strip) -> bool {
    matches!(strip, Strip::Start | Strip::Both)
}

fn ends(strip: Strip) -> bool {
    matches!(strip, Strip::End | Strip::Both)
}
