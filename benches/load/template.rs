//! A request with gaps that every sending fills anew.

use std::fmt::Write;

use anyhow::{Context, bail};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use crate::material::Material;

/// A mark that no document contains stands for a gap while the JSON is written.
const MARK: char = '\u{e000}';

/// A text with gaps.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    /// The line of a file that belongs to the number of the request.
    Line(Vec<String>),
    /// A text that is never sent twice.
    Unique {
        prefix: String,
        run: String,
    },
    /// A free hour: the lines of all files go round once an hour, so that nobody is asked twice for the same one.
    Slot {
        from: DateTime<Utc>,
        round: usize,
    },
}

impl Template {
    /// Reads `{"$line": file}`, `{"$unique": prefix}` and `{"$slot": [from day, to day]}` as gaps; all else is text.
    pub(crate) fn new(value: &Value, material: &Material) -> anyhow::Result<Self> {
        let mut gaps = Vec::new();
        let marked = mark(value, material, &mut gaps)?;
        let text = match marked {
            Value::String(text) => text,
            other => serde_json::to_string(&other)?,
        };
        let mut parts = Vec::new();
        let mut gaps = gaps.into_iter();
        for (place, piece) in text.split(MARK).enumerate() {
            if place > 0 {
                parts.push(gaps.next().context("a gap without a mark")?);
            }
            parts.push(Part::Text(piece.to_owned()));
        }
        Ok(Self { parts })
    }

    /// Appends the text of a request.
    pub(crate) fn fill(&self, request: usize, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Line(lines) => {
                    out.push_str(lines.get(request % lines.len()).map_or("", String::as_str));
                }
                Part::Unique { prefix, run } => drop(write!(out, "{prefix}{run}{request}")),
                Part::Slot { from, round } => {
                    let hours = i64::try_from(request / round).unwrap_or_default();
                    let at = *from + TimeDelta::hours(hours);
                    out.push_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true));
                }
            }
        }
    }
}

/// The value with a mark for every gap.
fn mark(value: &Value, material: &Material, gaps: &mut Vec<Part>) -> anyhow::Result<Value> {
    let Value::Object(fields) = value else { return Ok(value.clone()) };
    let gap = match fields.iter().next() {
        Some((name, value)) if fields.len() == 1 && name.starts_with('$') => (name.as_str(), value),
        _ => {
            let marked = fields.iter().map(|(name, value)| Ok((name.clone(), mark(value, material, gaps)?)));
            return Ok(Value::Object(marked.collect::<anyhow::Result<_>>()?));
        }
    };
    gaps.push(match gap {
        ("$line", Value::String(file)) => Part::Line(material.lines(file)?),
        ("$unique", Value::String(prefix)) => {
            Part::Unique { prefix: prefix.clone(), run: format!("{}-", material.run) }
        }
        ("$slot", _) => Part::Slot { from: material.free_from, round: material.lines("mentors")?.len() },
        (name, _) => bail!("the documents have an unknown gap {name}"),
    });
    Ok(Value::String(MARK.to_string()))
}

impl Template {
    /// One text after the other.
    pub(crate) fn join(templates: Vec<Self>) -> Self {
        Self { parts: templates.into_iter().flat_map(|template| template.parts).collect() }
    }
}
