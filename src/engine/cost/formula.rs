//! A cost that still depends on variables: compiled once for a document, worked out for each request.

use async_graphql_value::Value;
use serde_json::{Map, Value as Json};

use crate::graphql::connection::LARGEST_PAGE;

/// `fixed + Σ times × formula`.
#[derive(Debug, Default)]
pub(super) struct Formula {
    fixed: u64,
    parts: Vec<(Times, Self)>,
}

/// How often something counts.
#[derive(Clone, Debug)]
pub(super) enum Times {
    /// So often.
    Known(u64),
    /// The size of a page: `first`, else `last`, else the usual one.
    Page { first: Argument, last: Argument, usual: i64 },
    /// The length of a list.
    Length(Argument),
    /// Once if the argument has this value, else not at all.
    If(Argument, bool),
}

/// The value of an argument.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    /// Written out, or left out (`null`).
    Known(Json),
    /// A variable, with its default.
    Variable(Box<str>, Json),
}

impl Argument {
    /// Reads an argument; `default` knows the defaults of the operation's variables.
    pub(super) fn of(value: Option<&Value>, default: impl FnOnce(&str) -> Json) -> Self {
        match value {
            Some(Value::Variable(name)) => Self::Variable(name.as_str().into(), default(name)),
            // Only the length of a list matters.
            Some(Value::List(items)) => Self::Known(Json::Array(vec![Json::Null; items.len()])),
            Some(Value::Number(number)) => Self::Known(number.clone().into()),
            Some(Value::Boolean(flag)) => Self::Known((*flag).into()),
            _ => Self::Known(Json::Null),
        }
    }

    fn get<'v>(&'v self, variables: &'v Map<String, Json>) -> &'v Json {
        match self {
            Self::Known(value) => value,
            Self::Variable(name, default) => variables.get(&**name).unwrap_or(default),
        }
    }

    const fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }
}

impl Times {
    fn get(&self, variables: &Map<String, Json>) -> u64 {
        match self {
            Self::Known(times) => *times,
            Self::Page { first, last, usual } => {
                let size = first.get(variables).as_i64().or_else(|| last.get(variables).as_i64());
                u64::try_from(size.unwrap_or(*usual).clamp(1, LARGEST_PAGE.into())).unwrap_or(1)
            }
            Self::Length(list) => {
                list.get(variables).as_array().map_or(1, |list| u64::try_from(list.len()).unwrap_or(u64::MAX))
            }
            // What is no boolean is refused later; until then it counts.
            Self::If(flag, wanted) => u64::from(flag.get(variables).as_bool().unwrap_or(*wanted) == *wanted),
        }
    }

    /// With whatever variables.
    fn most(&self) -> u64 {
        match self {
            _ if self.is_known() => self.get(&Map::new()),
            Self::Page { .. } | Self::Length(_) => u64::try_from(LARGEST_PAGE).unwrap_or(1),
            Self::Known(_) | Self::If(..) => 1,
        }
    }

    fn is_known(&self) -> bool {
        match self {
            Self::Known(_) => true,
            Self::Page { first, last, .. } => {
                first.is_known() && (last.is_known() || matches!(first, Argument::Known(Json::Number(_))))
            }
            Self::Length(argument) | Self::If(argument, _) => argument.is_known(),
        }
    }
}

impl Formula {
    /// Always the same.
    pub(super) const fn fixed(points: u64) -> Self {
        Self { fixed: points, parts: Vec::new() }
    }

    /// The sum of both.
    pub(super) fn plus(mut self, mut other: Self) -> Self {
        self.fixed = self.fixed.saturating_add(other.fixed);
        self.parts.append(&mut other.parts);
        self
    }

    /// All of it so many times.
    pub(super) fn times(self, times: &Times) -> Self {
        let times = if times.is_known() { Times::Known(times.get(&Map::new())) } else { times.clone() };
        match times {
            Times::Known(0) => Self::default(),
            Times::Known(1) => self,
            Times::Known(times) if self.parts.is_empty() => Self::fixed(self.fixed.saturating_mul(times)),
            _ if self.fixed == 0 && self.parts.is_empty() => self,
            times => Self { fixed: 0, parts: vec![(times, self)] },
        }
    }

    /// What it comes to with these variables.
    pub(super) fn at(&self, variables: &Map<String, Json>) -> u64 {
        self.parts.iter().fold(self.fixed, |sum, (times, of)| {
            sum.saturating_add(times.get(variables).saturating_mul(of.at(variables)))
        })
    }

    /// What it comes to at most.
    pub(super) fn most(&self) -> u64 {
        self.parts
            .iter()
            .fold(self.fixed, |sum, (times, of)| sum.saturating_add(times.most().saturating_mul(of.most())))
    }

    /// How many parts it has inside.
    pub(super) fn parts(&self) -> usize {
        self.parts.iter().map(|(_, of)| 1 + of.parts()).sum()
    }
}
