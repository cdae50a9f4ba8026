//! Who the members are: names of many places, with the languages spoken and the time zones lived in there.

/// Names, languages and zones that go together.
pub(in super::super) struct Culture {
    /// Given names.
    pub(in super::super) given: [&'static str; 10],
    /// Family names.
    pub(in super::super) family: [&'static str; 10],
    /// BCP 47 tags, best first.
    pub(in super::super) languages: &'static [&'static str],
    /// IANA zones.
    pub(in super::super) zones: &'static [&'static str],
}

/// The cultures in turn.
pub(in super::super) const CULTURES: &[Culture] = &[
    Culture {
        given: ["Amara", "Chidi", "Ngozi", "Tunde", "Ifeoma", "Kelechi", "Folake", "Emeka", "Zainab", "Obi"],
        family: [
            "Adeyemi", "Okonkwo", "Balogun", "Eze", "Nwosu", "Bello", "Afolabi", "Danjuma", "Uche", "Lawal",
        ],
        languages: &["en", "yo"],
        zones: &["Africa/Lagos"],
    },
    Culture {
        given: ["Hana", "Kenji", "Yui", "Sora", "Aiko", "Haruto", "Mei", "Ren", "Naoko", "Takumi"],
        family: [
            "Tanaka", "Mori", "Fujimoto", "Ishikawa", "Hayashi", "Ono", "Sakamoto", "Nishida", "Kudo", "Arai",
        ],
        languages: &["ja", "en"],
        zones: &["Asia/Tokyo"],
    },
    Culture {
        given: [
            "Lucía",
            "Diego",
            "Camila",
            "Joaquín",
            "Valentina",
            "Bruno",
            "Martina",
            "Thiago",
            "Paula",
            "Simón",
        ],
        family: [
            "Quiroga", "Benítez", "Acosta", "Ferreyra", "Paredes", "Luna", "Vidal", "Ibarra", "Núñez",
            "Roldán",
        ],
        languages: &["es", "en"],
        zones: &["America/Argentina/Buenos_Aires", "America/Bogota", "America/Mexico_City"],
    },
    Culture {
        given: ["Anneke", "Sem", "Fenna", "Daan", "Lotte", "Bram", "Sanne", "Thijs", "Maud", "Joris"],
        family: [
            "de Wit", "Bakker", "Vermeer", "Smit", "van Dijk", "Mulder", "Kuiper", "Postma", "Hendriks",
            "Prins",
        ],
        languages: &["nl", "en", "de"],
        zones: &["Europe/Amsterdam", "Europe/Brussels"],
    },
    Culture {
        given: ["Meera", "Arjun", "Kavya", "Rohan", "Ananya", "Vikram", "Ishita", "Dev", "Lakshmi", "Nikhil"],
        family: [
            "Iyer",
            "Kulkarni",
            "Menon",
            "Chatterjee",
            "Desai",
            "Bhatt",
            "Reddy",
            "Sethi",
            "Nair",
            "Ghosh",
        ],
        languages: &["en", "hi", "ta"],
        zones: &["Asia/Kolkata"],
    },
    Culture {
        given: ["Aroha", "Liam", "Maia", "Jack", "Tui", "Ruby", "Nikau", "Isla", "Wiremu", "Chloe"],
        family: [
            "Thompson", "Ngata", "Fraser", "Parata", "Mitchell", "Hohepa", "Campbell", "Rangi", "Stewart",
            "Kelly",
        ],
        languages: &["en", "mi"],
        zones: &["Pacific/Auckland", "Australia/Sydney", "Australia/Perth"],
    },
    Culture {
        given: [
            "Zofia",
            "Jakub",
            "Hanna",
            "Piotr",
            "Oliwia",
            "Marek",
            "Ewa",
            "Tomasz",
            "Agnieszka",
            "Kacper",
        ],
        family: [
            "Wójcik", "Kowal", "Zając", "Lewicki", "Mazur", "Górska", "Pawlak", "Sikora", "Bąk", "Urban",
        ],
        languages: &["pl", "en"],
        zones: &["Europe/Warsaw"],
    },
    Culture {
        given: [
            "Grace", "Otieno", "Wanjiru", "Kamau", "Achieng", "Mwangi", "Nyokabi", "Juma", "Imani", "Baraka",
        ],
        family: [
            "Odhiambo", "Njoroge", "Wafula", "Kariuki", "Mutua", "Chebet", "Omondi", "Kiprono", "Maina",
            "Atieno",
        ],
        languages: &["sw", "en"],
        zones: &["Africa/Nairobi"],
    },
    Culture {
        given: ["Emily", "Marcus", "Hannah", "Tyler", "Naomi", "Caleb", "Jasmine", "Owen", "Vivian", "Andre"],
        family: [
            "Brooks", "Hayes", "Delgado", "Foster", "Nguyen", "Carter", "Reyes", "Holloway", "Bennett",
            "Price",
        ],
        languages: &["en", "es"],
        zones: &["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"],
    },
    Culture {
        given: ["Leïla", "Youssef", "Salma", "Karim", "Nadia", "Rachid", "Imane", "Samir", "Hiba", "Tarek"],
        family: [
            "Benali",
            "Cherif",
            "El Amrani",
            "Mansouri",
            "Ziani",
            "Haddou",
            "Tazi",
            "Belkacem",
            "Saïdi",
            "Lahlou",
        ],
        languages: &["ar", "fr", "en"],
        zones: &["Africa/Casablanca", "Africa/Tunis", "Africa/Cairo"],
    },
    Culture {
        given: ["Chloé", "Hugo", "Manon", "Théo", "Élise", "Antoine", "Jeanne", "Rémi", "Agathe", "Bastien"],
        family: [
            "Moreau", "Lefèvre", "Garnier", "Roussel", "Marchand", "Colin", "Perrin", "Fabre", "Dufour",
            "Leclerc",
        ],
        languages: &["fr", "en"],
        zones: &["Europe/Paris", "America/Montreal"],
    },
    Culture {
        given: ["Minh", "Linh", "Thảo", "Quang", "Lan", "Đức", "Mai", "Hùng", "Trang", "Phúc"],
        family: ["Trần", "Lê", "Phạm", "Hoàng", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Dương"],
        languages: &["vi", "en"],
        zones: &["Asia/Ho_Chi_Minh", "Asia/Bangkok"],
    },
    Culture {
        given: ["Ana", "João", "Beatriz", "Rafael", "Larissa", "Caio", "Júlia", "Mateus", "Helena", "Otávio"],
        family: [
            "Barbosa", "Cardoso", "Pinheiro", "Rocha", "Teixeira", "Moura", "Azevedo", "Campos", "Freitas",
            "Leal",
        ],
        languages: &["pt-BR", "en"],
        zones: &["America/Sao_Paulo", "Europe/Lisbon"],
    },
    Culture {
        given: ["Freja", "Lars", "Ingrid", "Mikkel", "Astrid", "Nils", "Sigrid", "Elias", "Tuva", "Henrik"],
        family: ["Holm", "Bergström", "Dahl", "Nyberg", "Lund", "Ström", "Haugen", "Ek", "Sand", "Viklund"],
        languages: &["sv", "en", "nb"],
        zones: &["Europe/Stockholm", "Europe/Oslo", "Europe/Copenhagen"],
    },
    Culture {
        given: [
            "Ji-woo", "Min-jun", "Seo-yeon", "Do-yun", "Ha-eun", "Joon", "Eun-ji", "Tae-min", "Soo-ah",
            "Hyun",
        ],
        family: ["Kim", "Park", "Choi", "Jung", "Kang", "Yoon", "Lim", "Shin", "Han", "Seo"],
        languages: &["ko", "en"],
        zones: &["Asia/Seoul"],
    },
    Culture {
        given: ["Elif", "Kerem", "Defne", "Emir", "Zeynep", "Baran", "Selin", "Ozan", "Derya", "Cem"],
        family: ["Yılmaz", "Kaya", "Aydın", "Şahin", "Arslan", "Koç", "Aksoy", "Polat", "Erdem", "Güneş"],
        languages: &["tr", "en"],
        zones: &["Europe/Istanbul"],
    },
    Culture {
        given: [
            "Giulia", "Lorenzo", "Chiara", "Davide", "Elena", "Matteo", "Serena", "Pietro", "Bianca", "Nico",
        ],
        family: [
            "Ricci", "Marini", "Galli", "Conti", "Ferrara", "De Luca", "Gatti", "Serra", "Villa", "Longo",
        ],
        languages: &["it", "en"],
        zones: &["Europe/Rome"],
    },
    Culture {
        given: ["Wei", "Xin", "Jia", "Hao", "Ling", "Bo", "Yan", "Qing", "Rui", "Lei"],
        family: ["Zhang", "Liu", "Chen", "Yang", "Huang", "Zhao", "Wu", "Zhou", "Xu", "Sun"],
        languages: &["zh", "en"],
        zones: &["Asia/Shanghai", "Asia/Singapore", "Asia/Taipei"],
    },
    Culture {
        given: ["Sina", "Felix", "Marlene", "Jannik", "Greta", "Moritz", "Clara", "Anton", "Ida", "Vincent"],
        family: [
            "Brandt", "Keller", "Schäfer", "Vogel", "Lorenz", "Böhm", "Winter", "Seidel", "Arnold", "Graf",
        ],
        languages: &["de", "en"],
        zones: &["Europe/Berlin", "Europe/Vienna", "Europe/Zurich"],
    },
    Culture {
        given: [
            "Thandi", "Sipho", "Lerato", "Johan", "Naledi", "Pieter", "Ayanda", "Themba", "Zola", "Kagiso",
        ],
        family: [
            "Dlamini", "Botha", "Mokoena", "Nkosi", "Jacobs", "Khumalo", "Naidoo", "Venter", "Molefe",
            "Sithole",
        ],
        languages: &["en", "zu", "af"],
        zones: &["Africa/Johannesburg"],
    },
];
