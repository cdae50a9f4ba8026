//! The members of the demo and their rows.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    content::{people::CULTURES, skills::CATALOGUE, texts},
    world::World,
};
use crate::cli::seed::{
    accounts::{ACCOUNTS, place},
    ids::{entry, id, lot, pick},
    rows::Rows,
};

/// How many members there are.
const MEMBERS: usize = 200;

/// The numbers of the mentors.
pub(super) const MENTORS: &[usize] = &numbers();

/// The two mentors of the menu and the members behind the accounts.
#[expect(
    clippy::indexing_slicing,
    reason = "the loop stays below the length, and a constant that does not fails to build"
)]
const fn numbers() -> [usize; 60] {
    let mut numbers = [place::OPEN_MENTOR; 60];
    let mut at = 1;
    while at < numbers.len() {
        numbers[at] = if at == 1 { place::OFFICE_MENTOR } else { ACCOUNTS.len() + at - 2 };
        at += 1;
    }
    numbers
}

/// A member.
pub(super) struct Person {
    /// The member's id.
    pub(super) id: Uuid,
    /// The name shown.
    pub(super) name: String,
    /// Unique name in addresses.
    pub(super) handle: String,
    /// The address to sign in with.
    pub(super) email: String,
    /// Roles held.
    pub(super) roles: Vec<&'static str>,
    /// BCP 47 tags, best first.
    pub(super) languages: Vec<&'static str>,
    /// IANA zone.
    pub(super) time_zone: &'static str,
    /// Numbers of the skills offered, best first; three at least for a mentor.
    pub(super) offered: Vec<usize>,
    /// Numbers of the skills desired.
    pub(super) desired: Vec<usize>,
    /// Minor units of credits an hour: whole steps of four credits, so that every share of a price is exact.
    pub(super) hourly_rate: i64,
    /// When the account was made.
    pub(super) joined_at: DateTime<Utc>,
}

/// Everybody, by number: the accounts of the menu, then the others.
pub(super) fn people(now: DateTime<Utc>) -> Vec<Person> {
    (0..MEMBERS)
        .map(|number| {
            ACCOUNTS.get(number).map_or_else(|| somebody(number), |_| of_the_menu(number)).since(now, number)
        })
        .collect()
}

impl Person {
    /// Dates the account.
    fn since(mut self, now: DateTime<Utc>, number: usize) -> Self {
        let days = 200 + i64::try_from(lot("joined", number, 500)).unwrap_or_default();
        self.joined_at = now - TimeDelta::days(days);
        self
    }

    /// Whether the member teaches.
    pub(super) fn is_mentor(&self) -> bool {
        self.roles.contains(&"MENTOR")
    }
}

fn of_the_menu(number: usize) -> Person {
    let account = entry(ACCOUNTS, number);
    let skill = |name: &str| {
        CATALOGUE.iter().flat_map(|category| category.skills).position(|(other, _)| *other == name)
    };
    let skills = |names: &[&str]| names.iter().filter_map(|name| skill(name)).collect();
    let (time_zone, languages, offered, desired, credits): (_, &[&str], &[&str], &[&str], _) = match number {
        place::LEARNER => ("Europe/Stockholm", &["sv", "en"], &[], &["Rust", "Guitar", "Public speaking"], 0),
        place::OPEN_MENTOR => ("UTC", &["en", "ta", "hi"], &["Rust", "SQL", "Code review"], &["Violin"], 40),
        place::OFFICE_MENTOR => {
            ("Europe/Madrid", &["es", "en"], &["Guitar", "Spanish", "Music theory"], &["Drums"], 24)
        }
        place::EXCHANGER => {
            ("Asia/Beirut", &["ar", "fr", "en"], &["Arabic", "Calligraphy"], &["Guitar", "TypeScript"], 0)
        }
        _ => ("Pacific/Auckland", &["en"], &[], &["Meditation"], 0),
    };
    Person {
        id: id("member", number),
        name: account.name.to_owned(),
        handle: account.email.split('@').next().unwrap_or_default().to_owned(),
        email: account.email.to_owned(),
        roles: account.roles.to_vec(),
        languages: languages.to_vec(),
        time_zone,
        offered: skills(offered),
        desired: skills(desired),
        hourly_rate: credits * 100,
        joined_at: DateTime::default(),
    }
}

fn somebody(number: usize) -> Person {
    let culture = entry(CULTURES, number);
    let place = number / CULTURES.len();
    let name = format!("{} {}", pick(&culture.given, place), pick(&culture.family, place * 3 + number));
    let handle = handle(&name);
    let skills: usize = CATALOGUE.iter().map(|category| category.skills.len()).sum();
    // The skills of somebody who teaches are neighbours in the catalogue.
    let first = lot("offers", number, skills - 4);
    let is_mentor = MENTORS.contains(&number);
    let trades = !is_mentor && number.is_multiple_of(6);
    Person {
        id: id("member", number),
        email: format!("{handle}@example.com"),
        handle,
        name,
        roles: match (is_mentor, trades) {
            (true, _) => vec!["LEARNER", "MENTOR"],
            (false, true) => vec!["LEARNER", "EXCHANGER"],
            (false, false) => vec!["LEARNER"],
        },
        languages: culture.languages.to_vec(),
        time_zone: pick(culture.zones, place),
        offered: if is_mentor || trades { (first..first + 3 + number % 2).collect() } else { Vec::new() },
        desired: vec![
            lot("wishes", number, first.max(1)),
            skills - 1 - lot("wishes too", number, skills - first - 4),
        ],
        hourly_rate: if is_mentor {
            400 * i64::try_from(2 + lot("rate", number, 29)).unwrap_or(2)
        } else {
            0
        },
        joined_at: DateTime::default(),
    }
}

/// The name in small Latin letters without marks.
fn handle(name: &str) -> String {
    name.to_lowercase().chars().filter(|char| *char != '\u{307}').map(bare).collect()
}

fn bare(letter: char) -> char {
    const MARKED: [(char, &str); 16] = [
        ('a', "áàâäãåāąảạăắặấầậ"),
        ('c', "çćč"),
        ('d', "đ"),
        ('e', "éèêëęếềểệ"),
        ('g', "ğ"),
        ('i', "íìîïıị"),
        ('l', "ł"),
        ('n', "ñńň"),
        ('o', "óòôöõøőơốồổỗộờ"),
        ('r', "ř"),
        ('s', "śşšș"),
        ('t', "ţț"),
        ('u', "úùûüűưứừủụ"),
        ('y', "ýÿỳ"),
        ('z', "źżž"),
        ('_', " -'"),
    ];
    MARKED.iter().find(|(_, marked)| marked.contains(letter)).map_or(letter, |(plain, _)| *plain)
}

/// The members, how they sign in, and their skills.
pub(super) fn rows(world: &World, password_hash: &str) -> Vec<Rows> {
    let (mut members, mut credentials) = (Rows::of("members"), Rows::of("credentials"));
    let mut skills = Rows::of("member_skills");
    for (number, person) in world.people.iter().enumerate() {
        members.push(json!({
            "id": person.id, "handle": person.handle, "name": person.name, "bio": bio(world, number),
            "time_zone": person.time_zone, "languages": person.languages, "roles": person.roles,
            "status": "ACTIVE", "version": 1, "created_at": person.joined_at,
        }));
        credentials.push(json!({
            "member_id": person.id, "email": person.email, "email_verified_at": person.joined_at,
            "password_hash": password_hash, "changed_at": person.joined_at,
        }));
        for (intent, levels, numbers) in [
            ("OFFERED", ["EXPERT", "ADVANCED", "INTERMEDIATE"], &person.offered),
            ("DESIRED", ["BEGINNER", "BEGINNER", "INTERMEDIATE"], &person.desired),
        ] {
            for (position, &skill) in numbers.iter().enumerate() {
                skills.push(json!({
                    "member_id": person.id, "skill_id": id("skill", skill), "intent": intent,
                    "level": levels.get(position).unwrap_or(&"INTERMEDIATE"), "position": position,
                }));
            }
        }
    }
    vec![members, credentials, skills]
}

fn bio(world: &World, number: usize) -> String {
    let person = world.person(number);
    let wish = |salt| world.say(pick(texts::WISHES, number + salt), pick(&person.desired, salt));
    if person.is_mentor() {
        let about = pick(&person.offered, 0);
        let sentence = |list: &[&str], salt| world.say(pick(list, lot("bio", number + salt, 1000)), about);
        format!("{} {} {}", sentence(texts::EXPERIENCE, 0), sentence(texts::TEACHING, 1), wish(0))
    } else {
        format!("{} {}", wish(0), wish(1))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn handles_are_unique_and_fit_the_rule_of_the_table() {
        let people = people(DateTime::default());
        let handles: HashSet<&str> = people.iter().map(|person| person.handle.as_str()).collect();
        assert_eq!(handles.len(), MEMBERS);
        for handle in handles {
            assert!((3..=30).contains(&handle.len()), "{handle}");
            assert!(handle.starts_with(|first: char| first.is_ascii_lowercase()), "{handle}");
            assert!(handle.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{handle}");
        }
    }

    #[test]
    fn mentors_have_the_role_and_three_skills_and_a_price() {
        let people = people(DateTime::default());
        assert_eq!(MENTORS.iter().collect::<HashSet<_>>().len(), 60);
        for (number, person) in people.iter().enumerate() {
            assert_eq!(MENTORS.contains(&number), person.is_mentor(), "{}", person.name);
            if person.is_mentor() {
                assert!(
                    3 <= person.offered.len() && (800..=12_000).contains(&person.hourly_rate),
                    "{}",
                    person.name
                );
                assert_eq!(person.hourly_rate % 400, 0, "{}", person.name);
            }
        }
    }
}
