//! Arithmetic, comparison and logic. Numbers are integers as long as they can be; nothing overflows or divides by
//! zero without an error.

use super::{Eval, Scope, kind};
use hcl_edit::{
    Number, Span as _,
    expr::{BinaryOp, BinaryOperator as Op, UnaryOp, UnaryOperator},
};
use serde_json::Value;

impl Scope<'_, '_> {
    pub(super) fn unary(&self, op: &UnaryOp) -> Eval<Value> {
        let value = self.eval(&op.expr)?;
        match (op.operator.value(), &value) {
            (UnaryOperator::Not, Value::Bool(yes)) => Ok(Value::Bool(!yes)),
            (UnaryOperator::Neg, Value::Number(_)) => match number(Op::Minus, &Value::from(0), &value) {
                Some(negated) => Ok(negated),
                None => self.fail(op.expr.span(), "this number is too large", None),
            },
            (operator, _) => {
                let message = format!("`{}` does not apply to {}", operator.as_str(), kind(&value));
                self.fail(op.expr.span(), message, None)
            }
        }
    }

    pub(super) fn binary(&self, op: &BinaryOp) -> Eval<Value> {
        let operator = *op.operator.value();
        if matches!(operator, Op::And | Op::Or) {
            let left = self.condition(&op.lhs_expr)?;
            let decided = left == (operator == Op::Or);
            return if decided { Ok(Value::Bool(left)) } else { self.condition(&op.rhs_expr).map(Value::Bool) };
        }
        let (left, right) = (self.eval(&op.lhs_expr)?, self.eval(&op.rhs_expr)?);
        match operator {
            Op::Eq => return Ok(Value::Bool(equal(&left, &right))),
            Op::NotEq => return Ok(Value::Bool(!equal(&left, &right))),
            _ => {}
        }
        for (value, expr) in [(&left, &op.lhs_expr), (&right, &op.rhs_expr)] {
            if !value.is_number() {
                let message = format!("`{}` needs numbers, but this is {}", operator.as_str(), kind(value));
                let help = (operator == Op::Plus)
                    .then(|| "text is put together as \"${a}${b}\", lists with `concat`".to_owned());
                return self.fail(expr.span(), message, help);
            }
        }
        match number(operator, &left, &right) {
            Some(value) => Ok(value),
            None if right.as_f64() == Some(0.0) => self.fail(op.rhs_expr.span(), "this divides by zero", None),
            None => self.fail(op.rhs_expr.span(), "the result is too large", None),
        }
    }
}

/// Equality as users expect it: 1 and 1.0 are the same number.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) if a != b => a.as_f64() == b.as_f64(),
        _ => left == right,
    }
}

/// `None` where the result is not a number.
fn number(operator: Op, left: &Value, right: &Value) -> Option<Value> {
    let (a, b) = (left.as_f64()?, right.as_f64()?);
    match operator {
        Op::Less => return Some(Value::Bool(a < b)),
        Op::LessEq => return Some(Value::Bool(a <= b)),
        Op::Greater => return Some(Value::Bool(a > b)),
        Op::GreaterEq => return Some(Value::Bool(a >= b)),
        _ => {}
    }
    if let (Some(a), Some(b)) = (left.as_i64(), right.as_i64()) {
        let whole = match operator {
            Op::Plus => a.checked_add(b),
            Op::Minus => a.checked_sub(b),
            Op::Mul => a.checked_mul(b),
            Op::Mod => a.checked_rem(b),
            Op::Div if b != 0 && a.checked_rem(b) == Some(0) => a.checked_div(b),
            _ => None,
        };
        if let Some(whole) = whole {
            return Some(Value::from(whole));
        }
    }
    from_f64(match operator {
        Op::Plus => a + b,
        Op::Minus => a - b,
        Op::Mul => a * b,
        Op::Div => a / b,
        Op::Mod => a % b,
        _ => return None,
    })
}

/// A number as an integer where it is one. `None` for infinity and its like.
pub(crate) fn from_f64(number: f64) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(Value::from(number as i64));
    }
    serde_json::Number::from_f64(number).map(Value::Number)
}

/// A literal.
pub(super) fn from_hcl(number: &Number) -> Value {
    let whole = number.as_i64().map(Value::from).or_else(|| number.as_u64().map(Value::from));
    whole.or_else(|| number.as_f64().and_then(from_f64)).unwrap_or(Value::Null)
}
