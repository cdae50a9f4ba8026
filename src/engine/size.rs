//! The size of a document with its fragments written out.
//!
//! Validation walks a fragment once per spread, so a short chain of fragments that each spread the next one twice would
//! keep it busy for ever. The size is found by counting every fragment once, before anything walks the document.

use std::collections::HashMap;

use async_graphql::{
    Name,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use crate::graphql::error::{ApiCode, ApiError};

/// Selections at most, once fragments are written out.
pub const MAX_SELECTIONS: usize = 10_000;

/// Checks the written-out size of every operation.
///
/// # Errors
/// `LIMIT_EXCEEDED` if a document is too large, `BAD_DOCUMENT` if a fragment contains itself.
pub fn check(document: &ExecutableDocument) -> Result<(), ApiError> {
    let mut sizes = Sizes { document, known: HashMap::new() };
    let mut total = 0_usize;
    for name in document.fragments.keys() {
        total = total.saturating_add(sizes.fragment(name)?);
    }
    for (_, operation) in document.operations.iter() {
        total = total.saturating_add(sizes.set(&operation.node.selection_set.node)?);
    }
    if total <= MAX_SELECTIONS {
        return Ok(());
    }
    let message = format!(
        "The document selects too much once its fragments are written out: at most {MAX_SELECTIONS} selections."
    );
    Err(ApiError::told(ApiCode::LimitExceeded, message))
}

struct Sizes<'d> {
    document: &'d ExecutableDocument,
    /// `None` while a fragment is being counted: meeting it again means that it contains itself.
    known: HashMap<&'d Name, Option<usize>>,
}

impl<'d> Sizes<'d> {
    /// Recursion is bounded by the nesting that the scan lets through, and by each fragment being counted once.
    fn set(&mut self, set: &'d SelectionSet) -> Result<usize, ApiError> {
        set.items.iter().try_fold(0_usize, |sum, selection| {
            let size = match &selection.node {
                Selection::Field(field) => self.set(&field.node.selection_set.node)?,
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            Ok(sum.saturating_add(size).saturating_add(1))
        })
    }

    fn fragment(&mut self, name: &Name) -> Result<usize, ApiError> {
        // An unknown fragment is found by the validation.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else { return Ok(0) };
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment \"{name}\" contains itself.");
                return Err(ApiError::told(ApiCode::BadDocument, message));
            }
            None => {}
        }
        self.known.insert(name, None);
        let size = self.set(&fragment.node.selection_set.node)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn passes(text: &str) -> bool {
        check(&parse_query(text).unwrap()).is_ok()
    }

    #[test]
    fn doubling_fragments_and_circles_are_refused() {
        let chain = |length: usize| -> String {
            let links: String = (0..length)
                .map(|n| format!("fragment F{n} on T {{ ...F{} ...F{} }} ", n + 1, n + 1))
                .collect();
            format!("{{ ...F0 }} {links} fragment F{length} on T {{ a }}")
        };
        assert!(passes(&chain(5)));
        assert!(!passes(&chain(25)));
        assert!(!passes(&chain(200)));
        assert!(!passes("{ ...A } fragment A on T { b { ...B } } fragment B on T { ...A }"));
        assert!(!passes("{ a } fragment A on T { ...A }"));
        assert!(passes("{ ...A ...A } fragment A on T { a b { c } ...Unknown }"));
    }
}
