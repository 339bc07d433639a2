//! Text with expressions in it: `VM ${vm.name} is gone`.

use serde_json::Value;
use stocktake_model::Menu;

use crate::expression::{Expression, Mistake};
use crate::facts::Facts;
use crate::limits;
use crate::mentions::Mentions;

#[derive(Debug)]
enum Piece {
    Text(String),
    Value(Expression),
}

/// Compiled.
#[derive(Debug)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
    mentions: Mentions,
}

impl Template {
    /// `$${` stands for `${`.
    pub(crate) fn compile(text: &str, menu: &Menu) -> Result<Self, Vec<Mistake>> {
        let (mut pieces, mut mentions) = (Vec::new(), Mentions::default());
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                plain.push_str(&rest[..at]);
                plain.push('{');
                rest = &rest[at + 2..];
                continue;
            }
            plain.push_str(&rest[..at]);
            let inside = &rest[at + 2..];
            let begins = text.len() - inside.len();
            let end = end(inside).ok_or_else(|| {
                let at = crate::words::character(text, begins);
                vec![Mistake { at, what: "a '${' has no '}' that ends it".to_owned() }]
            })?;
            let expression = Expression::compile(&inside[..end], menu).map_err(|mistakes| {
                let shifted =
                    |m: Mistake| Mistake { at: crate::words::character(text, begins) + m.at.saturating_sub(1), ..m };
                mistakes.into_iter().map(shifted).collect::<Vec<_>>()
            })?;
            mentions.join(&expression.mentions);
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Value(expression));
            rest = &inside[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { text: text.to_owned(), pieces, mentions })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn mentions(&self) -> &Mentions {
        &self.mentions
    }

    /// With null there is no text: half a command is worse than none.
    pub(crate) fn render(&self, facts: &Facts<'_>) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Value(expression) => match expression.evaluate(facts) {
                    Ok(Value::String(value)) => text.push_str(&value),
                    Ok(Value::Null) => return Err(format!("'${{{}}}' is null", expression.text)),
                    Ok(other) => text.push_str(&other.to_string()),
                    Err(why) => return Err(format!("'${{{}}}': {why}", expression.text)),
                },
            }
            if text.len() > limits::RENDERED {
                return Err(format!("the text becomes longer than {} bytes", limits::RENDERED));
            }
        }
        Ok(text)
    }
}

/// Where the expression ends: at the first `}` that no bracket and no quotes are around.
fn end(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    let mut signs = text.char_indices();
    while let Some((at, sign)) = signs.next() {
        match (quote, sign) {
            (Some(_), '\\') => drop(signs.next()),
            (Some(open), _) if sign == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(sign),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}
