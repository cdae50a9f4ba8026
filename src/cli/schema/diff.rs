//! What changes for clients from one schema to another: the kinds of change of graphql-js, and `@oneOf`.
//!
//! A breaking change is allowed where the old schema had deprecated the thing with a day (`Removed after 2026-12-31`) that
//! is over. Types cannot be deprecated: one may go once nothing leads to it any more but members whose day is over, or
//! once the day of everything in it is over.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use async_graphql::parser::types::{BaseType, Type};
use chrono::NaiveDate;

pub use super::model::date_in;
use super::model::{Definition, Deprecation, DirectiveType, Field, Input, Schema};

/// What a change does to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Some stop working.
    Breaking,
    /// Those that did not expect it behave differently.
    Dangerous,
    /// None notices.
    Safe,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What it does to clients.
    pub severity: Severity,
    /// The coordinate of what has changed.
    pub place: String,
    /// Its kind, as graphql-js names it.
    pub kind: &'static str,
    /// What was before and is now, if the kind does not say it.
    pub detail: String,
    /// Whether it was announced by a deprecation whose day is over: then it is allowed.
    pub announced: bool,
}

impl Change {
    /// Whether it breaks clients that were not told in time.
    #[must_use]
    pub fn breaks(&self) -> bool {
        self.severity == Severity::Breaking && !self.announced
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Breaking => "BREAKING",
            Severity::Dangerous => "dangerous",
            Severity::Safe => "safe",
        };
        write!(f, "{severity:<9}  {:<32}  {}", self.kind, self.place)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        if self.announced {
            f.write_str(" (allowed: it was deprecated, and its day is over)")
        } else {
            Ok(())
        }
    }
}

/// Every change, the worst first.
///
/// # Errors
/// If one of the schemas cannot be read.
pub fn changes(old: &str, new: &str, today: NaiveDate) -> anyhow::Result<Vec<Change>> {
    let (old, new) = (Schema::of(old)?, Schema::of(new)?);
    let mut differ = Differ { today, found: Vec::new() };
    differ.schemas(&old, &new);
    differ.found.sort_unstable();
    Ok(differ.found)
}

struct Differ {
    today: NaiveDate,
    found: Vec<Change>,
}

/// What is in only one of two maps, and what is in both.
fn pair<'m, V>(
    old: &'m BTreeMap<String, V>,
    new: &'m BTreeMap<String, V>,
) -> impl Iterator<Item = (&'m str, Option<&'m V>, Option<&'m V>)> {
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    names.into_iter().map(|name| (name, old.get(name), new.get(name)))
}

impl Differ {
    fn add(&mut self, severity: Severity, kind: &'static str, place: &str, detail: impl Into<String>) {
        let (place, detail) = (place.to_owned(), detail.into());
        self.found.push(Change { severity, place, kind, detail, announced: false });
    }

    /// A breaking change of something that the old schema may have deprecated.
    fn breaking(&mut self, kind: &'static str, place: &str, detail: impl Into<String>, announced: bool) {
        let (place, detail) = (place.to_owned(), detail.into());
        self.found.push(Change { severity: Severity::Breaking, place, kind, detail, announced });
    }

    fn schemas(&mut self, old: &Schema, new: &Schema) {
        for (root, name) in &old.roots {
            if new.roots.get(root) != Some(name) {
                self.breaking("ROOT_CHANGED", name, format!("was the {root} root"), false);
            }
        }
        let in_use = old.in_use(self.today);
        for (name, was, is) in pair(&old.types, &new.types) {
            match (was, is) {
                (Some(_), None) => {
                    self.breaking("TYPE_REMOVED", name, "", !in_use.contains(name));
                }
                (None, Some(_)) => self.add(Severity::Safe, "TYPE_ADDED", name, ""),
                (Some(was), Some(is)) if was.kind != is.kind => {
                    self.breaking("TYPE_CHANGED_KIND", name, format!("{} → {}", was.kind, is.kind), false);
                }
                (Some(was), Some(is)) => self.types(name, was, is),
                (None, None) => {}
            }
        }
        for (name, was, is) in pair(&old.directives, &new.directives) {
            let place = format!("@{name}");
            match (was, is) {
                (Some(_), None) => self.breaking("DIRECTIVE_REMOVED", &place, "", false),
                (None, Some(_)) => self.add(Severity::Safe, "DIRECTIVE_ADDED", &place, ""),
                (Some(was), Some(is)) => self.directives(&place, was, is),
                (None, None) => {}
            }
        }
    }

    fn types(&mut self, name: &str, was: &Definition, is: &Definition) {
        for (field, was, is) in pair(&was.fields, &is.fields) {
            self.fields(&format!("{name}.{field}"), was, is);
        }
        for (field, was, is) in pair(&was.inputs, &is.inputs) {
            let kinds = InputKinds {
                removed: "FIELD_REMOVED",
                changed: "FIELD_CHANGED_KIND",
                required: "REQUIRED_INPUT_FIELD_ADDED",
                optional: "OPTIONAL_INPUT_FIELD_ADDED",
                default: "INPUT_FIELD_DEFAULT_VALUE_CHANGE",
            };
            self.inputs(&format!("{name}.{field}"), &kinds, was, is);
        }
        for (value, was, is) in pair(&was.values, &is.values) {
            let place = format!("{name}.{value}");
            match (was, is) {
                (Some(was), None) => {
                    self.breaking("VALUE_REMOVED_FROM_ENUM", &place, "", was.is_over(self.today));
                }
                (None, Some(_)) => self.add(Severity::Dangerous, "VALUE_ADDED_TO_ENUM", &place, ""),
                (Some(was), Some(is)) => self.deprecation(&place, was, is),
                (None, None) => {}
            }
        }
        for gone in was.members.difference(&is.members) {
            self.breaking("TYPE_REMOVED_FROM_UNION", name, gone, false);
        }
        for added in is.members.difference(&was.members) {
            self.add(Severity::Dangerous, "TYPE_ADDED_TO_UNION", name, added);
        }
        for gone in was.implements.difference(&is.implements) {
            self.breaking("IMPLEMENTED_INTERFACE_REMOVED", name, gone, false);
        }
        for added in is.implements.difference(&was.implements) {
            self.add(Severity::Dangerous, "IMPLEMENTED_INTERFACE_ADDED", name, added);
        }
        match (was.one_of, is.one_of) {
            (false, true) => self.breaking("ONE_OF_ADDED", name, "", false),
            (true, false) => self.add(Severity::Safe, "ONE_OF_REMOVED", name, ""),
            _ => {}
        }
    }

    fn fields(&mut self, place: &str, was: Option<&Field>, is: Option<&Field>) {
        match (was, is) {
            (Some(was), None) => {
                self.breaking("FIELD_REMOVED", place, "", was.deprecation.is_over(self.today));
            }
            (None, Some(_)) => self.add(Severity::Safe, "FIELD_ADDED", place, ""),
            (Some(was), Some(is)) => {
                let announced = was.deprecation.is_over(self.today);
                if !fits_output(&was.ty, &is.ty) {
                    self.breaking("FIELD_CHANGED_KIND", place, format!("{} → {}", was.ty, is.ty), announced);
                } else if was.ty != is.ty {
                    self.add(Severity::Safe, "FIELD_CHANGED_KIND", place, format!("{} → {}", was.ty, is.ty));
                }
                let kinds = InputKinds {
                    removed: "ARG_REMOVED",
                    changed: "ARG_CHANGED_KIND",
                    required: "REQUIRED_ARG_ADDED",
                    optional: "OPTIONAL_ARG_ADDED",
                    default: "ARG_DEFAULT_VALUE_CHANGE",
                };
                for (argument, was, is) in pair(&was.arguments, &is.arguments) {
                    self.inputs(&format!("{place}({argument}:)"), &kinds, was, is);
                }
                self.deprecation(place, &was.deprecation, &is.deprecation);
            }
            (None, None) => {}
        }
    }

    fn inputs(&mut self, place: &str, kinds: &InputKinds, was: Option<&Input>, is: Option<&Input>) {
        match (was, is) {
            (Some(was), None) => self.breaking(kinds.removed, place, "", was.deprecation.is_over(self.today)),
            (None, Some(is)) if is.is_required() => self.breaking(kinds.required, place, "", false),
            (None, Some(_)) => self.add(Severity::Dangerous, kinds.optional, place, ""),
            (Some(was), Some(is)) => {
                let detail = format!("{} → {}", was.ty, is.ty);
                if !fits_input(&was.ty, &is.ty) || (is.is_required() && !was.is_required()) {
                    self.breaking(kinds.changed, place, detail, was.deprecation.is_over(self.today));
                } else if was.ty != is.ty {
                    self.add(Severity::Safe, kinds.changed, place, detail);
                } else if was.default != is.default {
                    let text =
                        |input: &Input| input.default.as_ref().map_or("none".to_owned(), ToString::to_string);
                    self.add(
                        Severity::Dangerous,
                        kinds.default,
                        place,
                        format!("{} → {}", text(was), text(is)),
                    );
                }
                self.deprecation(place, &was.deprecation, &is.deprecation);
            }
            (None, None) => {}
        }
    }

    fn deprecation(&mut self, place: &str, was: &Deprecation, is: &Deprecation) {
        if was != is {
            self.add(Severity::Safe, "DEPRECATION_CHANGED", place, is.0.clone().unwrap_or_default());
        }
    }

    fn directives(&mut self, place: &str, was: &DirectiveType, is: &DirectiveType) {
        let kinds = InputKinds {
            removed: "DIRECTIVE_ARG_REMOVED",
            changed: "DIRECTIVE_ARG_CHANGED_KIND",
            required: "REQUIRED_DIRECTIVE_ARG_ADDED",
            optional: "OPTIONAL_DIRECTIVE_ARG_ADDED",
            default: "DIRECTIVE_ARG_DEFAULT_VALUE_CHANGE",
        };
        for (argument, was, is) in pair(&was.arguments, &is.arguments) {
            self.inputs(&format!("{place}({argument}:)"), &kinds, was, is);
        }
        if was.repeatable && !is.repeatable {
            self.breaking("DIRECTIVE_REPEATABLE_REMOVED", place, "", false);
        }
        for gone in was.locations.difference(&is.locations) {
            self.breaking("DIRECTIVE_LOCATION_REMOVED", place, gone, false);
        }
    }
}

/// What the changes of an argument or an input field are called.
struct InputKinds {
    removed: &'static str,
    changed: &'static str,
    required: &'static str,
    optional: &'static str,
    default: &'static str,
}

/// Whether who reads the old type can read the new one: it may promise more.
fn fits_output(was: &Type, is: &Type) -> bool {
    (was.nullable || !is.nullable) && same_base(was, is, fits_output)
}

/// Whether who writes the old type can go on: it may ask for less.
fn fits_input(was: &Type, is: &Type) -> bool {
    (is.nullable || !was.nullable) && same_base(was, is, fits_input)
}

fn same_base(was: &Type, is: &Type, fits: fn(&Type, &Type) -> bool) -> bool {
    match (&was.base, &is.base) {
        (BaseType::Named(was), BaseType::Named(is)) => was == is,
        (BaseType::List(was), BaseType::List(is)) => fits(was, is),
        _ => false,
    }
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
