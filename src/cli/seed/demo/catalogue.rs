//! Categories, skills and credit packages.

use serde_json::json;

use super::content::skills::CATALOGUE;
use crate::cli::seed::{ids::id, rows::Rows};

/// Credits in hundredths and the price in cents: the larger the package, the more is given on top.
pub(super) const PACKAGES: [(&str, i64, i64); 5] = [
    ("Taster", 1_000, 1_000),
    ("Starter", 2_600, 2_500),
    ("Regular", 5_400, 5_000),
    ("Committed", 11_000, 10_000),
    ("Devoted", 28_000, 25_000),
];

/// What members choose from.
pub(super) fn rows() -> Vec<Rows> {
    let (mut categories, mut skills) = (Rows::of("skill_categories"), Rows::of("skills"));
    let mut number = 0;
    for (position, category) in CATALOGUE.iter().enumerate() {
        let category_id = id("category", position);
        categories.push(json!({
            "id": category_id, "slug": slug(category.name), "name": category.name, "position": position + 1,
        }));
        for (name, synonyms) in category.skills {
            skills.push(json!({
                "id": id("skill", number), "category_id": category_id, "slug": slug(name), "name": name,
                "synonyms": synonyms,
            }));
            number += 1;
        }
    }
    let mut packages = Rows::of("credit_packages");
    for (position, (name, credits, price)) in PACKAGES.iter().enumerate() {
        packages.push(json!({
            "id": id("package", position), "name": name, "credits": credits, "price": price, "currency": "USD",
            "position": position + 1, "active": true,
        }));
    }
    vec![categories, skills, packages]
}

fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}
