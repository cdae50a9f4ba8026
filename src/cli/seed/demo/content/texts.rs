//! What the members say. `{skill}` stands for the skill it is about.

/// First lines of a mentor.
pub(in super::super) const HEADLINES: &[&str] = &[
    "{skill}, from first steps to your own projects",
    "Patient {skill} lessons for busy people",
    "I make {skill} click, one small win at a time",
    "{skill} without the fear of getting it wrong",
    "Ten years of {skill}, and still curious",
    "Hands-on {skill}: bring your work, we improve it together",
    "Practical {skill} for beginners and the stuck",
    "{skill} taught the way I wish I had learnt it",
];

/// How a mentor teaches.
pub(in super::super) const TEACHING: &[&str] = &[
    "We start from what you want to be able to do, and work backwards.",
    "Every lesson ends with one exercise that takes less than twenty minutes.",
    "I send notes after each session, so you can simply listen.",
    "Most of my learners have jobs and families; we go at the pace that lasts.",
    "I ask many questions, because what you explain yourself stays.",
    "Mistakes are the syllabus: bring the ones you keep making.",
    "I have taught in classrooms, in kitchens and over bad connections.",
    "If a lesson did not help you, tell me and we do it differently.",
];

/// What a mentor has done.
pub(in super::super) const EXPERIENCE: &[&str] = &[
    "I have worked with {skill} for more than a decade.",
    "I came to {skill} late and learnt it the hard way.",
    "{skill} has been my trade since I left school.",
    "I teach {skill} at an evening school and love the questions.",
    "I run a small studio where {skill} pays the rent.",
];

/// What a learner is after.
pub(in super::super) const WISHES: &[&str] = &[
    "I want to learn {skill} properly this year.",
    "Trying {skill} after years of putting it off.",
    "Here for {skill}, staying for the people.",
    "Somewhere between beginner and confident at {skill}.",
    "Learning {skill} in the evenings, when the house is quiet.",
    "I have read three books about {skill}; now I need a person.",
];

/// Reviews with five stars.
pub(in super::super) const FIVE_STARS: &[&str] = &[
    "Clear, patient and well prepared. I finally understand {skill}.",
    "The best hour I have spent on {skill}. Already booked the next one.",
    "We solved in sixty minutes what I had been stuck on for a month.",
    "Warm, funny and very precise. My whole approach to {skill} changed.",
    "Listened first, then explained. The notes afterwards were gold.",
    "I was nervous, and after five minutes I was not. Highly recommended.",
    "Knows {skill} inside out and never makes you feel slow.",
    "Concrete exercises, honest feedback, no wasted minute.",
];

/// Reviews with four stars.
pub(in super::super) const FOUR_STARS: &[&str] = &[
    "Very good lesson. A little fast at the end, but I have the notes.",
    "Helpful and friendly. I would have liked more exercises.",
    "Solid introduction to {skill}. We ran out of time for my last question.",
    "Good explanations and good examples. The connection dropped once.",
    "I learnt a lot; next time I will prepare better questions.",
];

/// Reviews with three stars.
pub(in super::super) const THREE_STARS: &[&str] = &[
    "Fine, but more basic than I expected from the description.",
    "Knows {skill} well; the structure could be clearer.",
    "Friendly, though we spent half of the time on small talk.",
];

/// Reviews with two stars or one.
pub(in super::super) const FEW_STARS: &[&str] = &[
    "Started ten minutes late and seemed in a hurry.",
    "Not what I was looking for: mostly slides about {skill}.",
    "We did not get along, and the exercises did not fit my level.",
];

/// A conversation between a learner and a mentor, line by line in turn.
pub(in super::super) const TALKS: &[&[&str]] = &[
    &[
        "Hello! I would like to start with {skill}. Is a complete beginner all right?",
        "More than all right, beginners ask the best questions. What would you like to be able to do?",
        "Honestly? Stop being afraid of it. And finish one small project.",
        "Good goal. Bring an idea to the first lesson, as small as possible.",
        "I have one already. See you then!",
        "Looking forward to it.",
    ],
    &[
        "Hi, I saw your profile. Do you have time in the evenings next week?",
        "Yes, Tuesday and Thursday. The calendar here shows my free hours in your time zone.",
        "Perfect, I took Thursday.",
        "I saw it. Could you send me what you have tried so far?",
        "Sure: mostly videos, and a book I did not finish.",
        "Then we begin where the book lost you.",
        "That would be chapter two.",
        "It always is.",
    ],
    &[
        "Thank you for today. I tried the exercise again and it works now!",
        "That was quick. What made the difference?",
        "Doing it slowly, as you said. I had been rushing.",
        "Keep that. Next time we make it a little harder.",
    ],
    &[
        "Could we move our lesson by an hour? My train is late.",
        "Of course. Cancel the booking and take the next slot, it is free of charge this early.",
        "Done. Thank you for being so relaxed about it.",
        "Trains are outside of my field. {skill} we can fix.",
        "Ha! See you at five.",
    ],
    &[
        "One question before I book: do you also look at work I bring along?",
        "Gladly, that is the best material. Up to an hour of preparation is included.",
        "Great. It is a bit of a mess.",
        "Then we will have plenty to talk about.",
        "I have added a short description of where I am stuck.",
        "Read it, understood it. The short answer is: you are closer than you think.",
        "You have no idea how good that is to hear.",
    ],
];
