//! Rules of discovery.

use uuid::Uuid;

use crate::db::{
    hot::Tag,
    ids::{EntityId, SkillId},
};

/// The index as a whole: what lists of mentors depend on.
pub const ALL_MENTORS: Tag = ("mentors", Uuid::nil());

/// What the list of the mentors of one skill, best first, depends on.
#[must_use]
pub fn mentors_of_skill(skill: SkillId) -> Tag {
    ("mentors_of_skill", skill.uuid())
}

/// How many ratings the prior counts for, and their mean in thousandths of a star. Ten middling ratings keep one 5.0
/// (score 4090) well below two hundred 4.9s (4857), let a newcomer start at 4000, above those who disappoint, and fade
/// once a mentor has a few dozen ratings of their own.
pub const PRIOR_COUNT: i64 = 10;
/// See [`PRIOR_COUNT`].
pub const PRIOR_MEAN: i64 = 4000;

/// What mentors are ranked by: the mean of their ratings and of the prior's, in thousandths of a star. The index is filled
/// by the same formula in SQL.
#[must_use]
pub const fn rating_score(sum: i64, count: i64) -> i64 {
    (sum * 1000 + PRIOR_MEAN * PRIOR_COUNT) / (count + PRIOR_COUNT)
}

/// Characters of a search text.
pub const LONGEST_TEXT: usize = 200;

/// The order of a list of mentors. Ties go by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MentorOrder {
    /// Best rated first, see [`rating_score`].
    #[default]
    Rating,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDesc,
    /// Soonest slot first; mentors without a slot are left out.
    Soonest,
    /// Best match of the text first.
    Relevance,
}

/// Which mentors are looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Who offer this skill.
    pub skill_id: Option<SkillId>,
    /// Who match these words.
    pub text: Option<SearchText>,
    /// Whose hour costs at least this, in minor units.
    pub min_price: Option<i64>,
    /// Whose hour costs at most this, in minor units.
    pub max_price: Option<i64>,
    /// Who speak this language.
    pub language: Option<String>,
    /// Whose mean rating is at least this, in hundredths of a star.
    pub min_rating: Option<i32>,
    /// Who could have a slot before this instant.
    pub slot_before: Option<chrono::DateTime<chrono::Utc>>,
    /// In which order.
    pub order: MentorOrder,
}

impl Search {
    /// Whether it asks for the mentors of one skill, best first, and for nothing else.
    #[must_use]
    pub fn plain_skill(&self) -> Option<SkillId> {
        let Self {
            skill_id,
            text: None,
            min_price: None,
            max_price: None,
            language: None,
            min_rating: None,
            slot_before: None,
            order: MentorOrder::Rating,
        } = self
        else {
            return None;
        };
        *skill_id
    }
}

/// Words to look for, in the syntax that people know from the web: `"quoted phrase"`, `or`, `-not`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText {
    /// All of it.
    pub all: String,
    /// The words before the last, if the last may be the beginning of a word.
    pub head: String,
    /// The last word, letters and digits only; empty if it may not be.
    pub prefix: String,
}

impl SearchText {
    /// Reads what somebody typed. Without quotes and minus signs the last word may be one that is still being typed.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let all = text.replace('\0', " ").trim().to_owned();
        if all.is_empty() {
            return None;
        }
        let (head, last) = all.rsplit_once(char::is_whitespace).unwrap_or(("", &all));
        let still_typed = !all.contains('"') && last.chars().all(char::is_alphanumeric);
        let (head, prefix) =
            if still_typed { (head.to_owned(), last.to_lowercase()) } else { Default::default() };
        Some(Self { all, head, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_good_ratings_beat_one_perfect_one() {
        assert!(rating_score(5, 1) < rating_score(980, 200));
        assert!(rating_score(0, 0) < rating_score(5, 1));
        assert!(rating_score(1, 1) < rating_score(0, 0));
        assert_eq!(rating_score(0, 0), PRIOR_MEAN);
        for count in 1..300 {
            assert!(
                rating_score(5 * count, count) >= rating_score(5 * (count - 1), count - 1),
                "more fives are never worse"
            );
        }
        // Scores are thousandths: close neighbours may tie, these may not.
        for (fewer, more) in [(0, 1), (1, 2), (2, 3), (3, 5), (5, 10), (10, 20), (20, 50), (50, 200)] {
            assert!(
                rating_score(5 * more, more) > rating_score(5 * fewer, fewer),
                "{more} fives beat {fewer}"
            );
        }
    }

    #[test]
    fn only_a_plain_last_word_may_be_a_beginning() {
        let parts = |text| SearchText::new(text).map(|text| (text.head, text.prefix));
        assert_eq!(parts("  "), None);
        assert_eq!(parts("\0"), None);
        assert_eq!(parts("Rus"), Some((String::new(), "rus".to_owned())));
        assert_eq!(parts("learn Straße"), Some(("learn".to_owned(), "straße".to_owned())));
        for text in ["\"learn rust\"", "learn -rust", "c++", "a & b:*", "rust)"] {
            assert_eq!(parts(text), Some((String::new(), String::new())), "{text}");
        }
    }
}
