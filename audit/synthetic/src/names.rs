//! Names, numbers and addresses of people who do not exist, and what clerks do to them.
//!
//! Forenames are common ones of several communities, the same in many countries; surnames are in part common ones, in part put
//! together from syllables. A name is drawn without regard to ethnicity, and so are postcodes, so that nothing a linkage may use
//! says anything of a protected characteristic.

use crate::dates::push_padded;
use crate::random::Stream;

const FEMALE: [&str; 96] = [
    "Olivia",
    "Amelia",
    "Isla",
    "Ava",
    "Grace",
    "Lily",
    "Freya",
    "Emily",
    "Ella",
    "Poppy",
    "Evie",
    "Charlotte",
    "Sophie",
    "Daisy",
    "Alice",
    "Ruby",
    "Jessica",
    "Phoebe",
    "Chloe",
    "Hannah",
    "Megan",
    "Lauren",
    "Rebecca",
    "Bethany",
    "Abigail",
    "Holly",
    "Molly",
    "Leah",
    "Katie",
    "Lucy",
    "Georgia",
    "Erin",
    "Niamh",
    "Aoife",
    "Ciara",
    "Seren",
    "Cerys",
    "Ffion",
    "Carys",
    "Eilidh",
    "Aisha",
    "Fatima",
    "Maryam",
    "Zainab",
    "Khadija",
    "Amina",
    "Safiya",
    "Hafsa",
    "Zahra",
    "Sumaya",
    "Priya",
    "Ananya",
    "Diya",
    "Kavita",
    "Meera",
    "Simran",
    "Jasmeet",
    "Harpreet",
    "Manpreet",
    "Kiran",
    "Zofia",
    "Julia",
    "Maja",
    "Zuzanna",
    "Oliwia",
    "Hanna",
    "Aleksandra",
    "Natalia",
    "Wiktoria",
    "Kinga",
    "Ana",
    "Ioana",
    "Andreea",
    "Elena",
    "Mihaela",
    "Abena",
    "Akosua",
    "Adaeze",
    "Chiamaka",
    "Folake",
    "Temitope",
    "Zanele",
    "Thandiwe",
    "Amara",
    "Ngozi",
    "Mei",
    "Li",
    "Xia",
    "Linh",
    "Thuy",
    "Yasmin",
    "Leila",
    "Shirin",
    "Rojin",
    "Dilan",
    "Selin",
];
const MALE: [&str; 96] = [
    "Oliver", "George", "Harry", "Noah", "Jack", "Leo", "Arthur", "Oscar", "Archie", "Henry", "Theo",
    "Freddie", "Charlie", "Alfie", "Thomas", "William", "James", "Joshua", "Samuel", "Daniel", "Joseph",
    "Benjamin", "Luke", "Ryan", "Callum", "Connor", "Kieran", "Jordan", "Aaron", "Nathan", "Liam", "Sean",
    "Declan", "Rhys", "Owain", "Ieuan", "Gethin", "Dylan", "Finlay", "Hamish", "Muhammad", "Ahmed", "Yusuf",
    "Ibrahim", "Hassan", "Bilal", "Hamza", "Omar", "Imran", "Tariq", "Arjun", "Rohan", "Aarav", "Vikram",
    "Nikhil", "Gurpreet", "Jaspreet", "Amrit", "Harjit", "Balraj", "Jakub", "Antoni", "Filip", "Szymon",
    "Kacper", "Mateusz", "Piotr", "Tomasz", "Bartosz", "Wojciech", "Andrei", "Mihai", "Stefan", "Ionut",
    "Radu", "Kwame", "Kofi", "Chinedu", "Emeka", "Tunde", "Segun", "Sipho", "Thabo", "Obinna", "Ade", "Wei",
    "Jun", "Hao", "Minh", "Duc", "Reza", "Dara", "Azad", "Baran", "Emre", "Can",
];
const SURNAMES: [&str; 112] = [
    "Smith",
    "Jones",
    "Taylor",
    "Brown",
    "Williams",
    "Wilson",
    "Johnson",
    "Davies",
    "Robinson",
    "Wright",
    "Thompson",
    "Evans",
    "Walker",
    "White",
    "Roberts",
    "Green",
    "Hall",
    "Wood",
    "Jackson",
    "Clarke",
    "Harris",
    "Lewis",
    "Hughes",
    "Edwards",
    "Turner",
    "Hill",
    "Moore",
    "Cooper",
    "Ward",
    "Morris",
    "Baker",
    "Harrison",
    "Morgan",
    "Bell",
    "Murphy",
    "Kelly",
    "Byrne",
    "Doyle",
    "Gallagher",
    "Kennedy",
    "Rees",
    "Griffiths",
    "Llewellyn",
    "Pritchard",
    "Fraser",
    "Stewart",
    "Murray",
    "Ross",
    "Patel",
    "Shah",
    "Desai",
    "Mehta",
    "Joshi",
    "Sharma",
    "Singh",
    "Kaur",
    "Gill",
    "Dhillon",
    "Sandhu",
    "Khan",
    "Ahmed",
    "Hussain",
    "Ali",
    "Malik",
    "Iqbal",
    "Mahmood",
    "Begum",
    "Akhtar",
    "Rahman",
    "Chowdhury",
    "Miah",
    "Uddin",
    "Mohamed",
    "Abdi",
    "Farah",
    "Warsame",
    "Osman",
    "Nowak",
    "Kowalski",
    "Wozniak",
    "Kaminski",
    "Lewandowski",
    "Zielinski",
    "Szymanski",
    "Popescu",
    "Ionescu",
    "Dumitru",
    "Stan",
    "Mensah",
    "Owusu",
    "Boateng",
    "Asante",
    "Okafor",
    "Adeyemi",
    "Eze",
    "Balogun",
    "Dlamini",
    "Ncube",
    "Moyo",
    "Chen",
    "Wang",
    "Zhang",
    "Nguyen",
    "Tran",
    "Pham",
    "Hosseini",
    "Karimi",
    "Yilmaz",
    "Demir",
    "Kaya",
    "Silva",
    "Santos",
];
const SURNAME_HEADS: [&str; 56] = [
    "Aber", "Ash", "Bar", "Beck", "Birt", "Bran", "Brod", "Cal", "Carn", "Chal", "Cott", "Cran", "Dal",
    "Den", "Dray", "Eck", "Elm", "Fal", "Farn", "Fern", "Gar", "Gled", "Gren", "Hal", "Harg", "Hask", "Hel",
    "Hold", "Hux", "Ilk", "Kel", "Kett", "Lang", "Led", "Lind", "Mal", "Mard", "Mel", "Nor", "Old", "Pell",
    "Prest", "Quin", "Rad", "Rav", "Sel", "Skel", "Stan", "Tal", "Thorn", "Trem", "Ulls", "Var", "Wad",
    "Wen", "Yal",
];
const SURNAME_TAILS: [&str; 40] = [
    "bourne", "bridge", "brook", "bury", "by", "cliffe", "combe", "cote", "croft", "dale", "den", "don",
    "er", "ett", "ey", "field", "ford", "gate", "grave", "ham", "house", "ing", "land", "ley", "lock", "low",
    "man", "mere", "more", "ock", "over", "ridge", "sett", "shaw", "son", "stead", "ton", "well", "wick",
    "worth",
];
/// Short forms and the names they are of.
const SHORT_FORMS: [(&str, &str); 40] = [
    ("Olivia", "Liv"),
    ("Amelia", "Millie"),
    ("Charlotte", "Lottie"),
    ("Sophie", "Soph"),
    ("Jessica", "Jess"),
    ("Rebecca", "Becky"),
    ("Bethany", "Beth"),
    ("Abigail", "Abi"),
    ("Katie", "Kate"),
    ("Georgia", "George"),
    ("Megan", "Meg"),
    ("Isla", "Izzy"),
    ("Emily", "Em"),
    ("Grace", "Gracie"),
    ("Natalia", "Nat"),
    ("Aleksandra", "Ola"),
    ("Zuzanna", "Zuzia"),
    ("Temitope", "Temi"),
    ("Chiamaka", "Chi"),
    ("Simran", "Sim"),
    ("Oliver", "Ollie"),
    ("Harry", "Haz"),
    ("Thomas", "Tom"),
    ("William", "Will"),
    ("James", "Jamie"),
    ("Joshua", "Josh"),
    ("Samuel", "Sam"),
    ("Daniel", "Dan"),
    ("Joseph", "Joe"),
    ("Benjamin", "Ben"),
    ("Nathan", "Nate"),
    ("Muhammad", "Mo"),
    ("Ibrahim", "Ibby"),
    ("Jakub", "Kuba"),
    ("Tomasz", "Tomek"),
    ("Piotr", "Piotrek"),
    ("Freddie", "Fred"),
    ("Archie", "Arch"),
    ("Theo", "Theodore"),
    ("Gurpreet", "Gup"),
];
/// Ways in which one sound is written in two spellings. Each is tried in both directions.
const SPELLINGS: [(&str, &str); 24] = [
    ("ph", "f"),
    ("ck", "k"),
    ("ee", "i"),
    ("oo", "u"),
    ("ou", "u"),
    ("aa", "a"),
    ("sz", "sh"),
    ("cz", "ch"),
    ("w", "v"),
    ("ij", "ee"),
    ("ai", "ay"),
    ("ie", "y"),
    ("ll", "l"),
    ("mm", "m"),
    ("nn", "n"),
    ("ss", "s"),
    ("tt", "t"),
    ("hm", "m"),
    ("kh", "k"),
    ("th", "t"),
    ("j", "y"),
    ("ei", "ai"),
    ("que", "k"),
    ("gh", "g"),
];
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
/// Letters of the second half of a postcode.
const INWARD: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";

/// A forename. Common names are drawn far more often than rare ones.
pub(crate) fn forename(r: &mut Stream, female: bool) -> &'static str {
    let names = if female { &FEMALE } else { &MALE };
    // The square of an even number leans to the front; the shift lets each community's first names come forward.
    let u = r.unit();
    let place = (u * u * 40.0) as usize + r.below(57) as usize;
    names[place.min(names.len() - 1)]
}

/// A surname: three in four from the list, the others from a long tail of invented ones.
pub(crate) fn surname(r: &mut Stream) -> String {
    if r.chance(0.72) {
        let u = r.unit();
        let place = (u * u * 50.0) as usize + r.below(63) as usize;
        return SURNAMES[place.min(SURNAMES.len() - 1)].to_owned();
    }
    let mut name = r.pick(&SURNAME_HEADS).to_owned();
    name.push_str(r.pick(&SURNAME_TAILS));
    if r.chance(0.06) {
        name.push('-');
        name.push_str(r.pick(&SURNAMES));
    }
    name
}

/// The short form of a forename; the name itself where it has none.
pub(crate) fn short_form(name: &str) -> &str {
    SHORT_FORMS.iter().find(|(long, _)| *long == name).map_or(name, |(_, short)| short)
}

/// One slip of the keys: a neighbouring key, a letter left out, twice, or before its turn. Names here are ASCII.
pub(crate) fn slip(r: &mut Stream, name: &str) -> String {
    let mut letters: Vec<u8> = name.bytes().collect();
    if letters.len() < 3 {
        return name.to_owned();
    }
    let place = 1 + r.below(letters.len() as u64 - 1) as usize;
    match r.below(4) {
        0 => {
            let lower = letters[place].to_ascii_lowercase();
            let near = ROWS.iter().find_map(|row| {
                let at = row.bytes().position(|b| b == lower)?;
                let next = if at + 1 < row.len() && (at == 0 || r.chance(0.5)) { at + 1 } else { at - 1 };
                row.as_bytes().get(next).copied()
            });
            letters[place] = near.unwrap_or(b'e');
        }
        1 => {
            letters.remove(place);
        }
        2 => letters.insert(place, letters[place]),
        _ => {
            let before = if place + 1 < letters.len() { place } else { place - 1 };
            // The first letter keeps its place, as it mostly does at a keyboard.
            if before >= 1 {
                letters.swap(before, before + 1);
            }
        }
    }
    String::from_utf8(letters).unwrap_or_else(|_| name.to_owned())
}

/// Another spelling of the same sound, or a slip where none fits.
pub(crate) fn respell(r: &mut Stream, name: &str) -> String {
    let first = r.below(SPELLINGS.len() as u64) as usize;
    for step in 0..SPELLINGS.len() {
        let (a, b) = SPELLINGS[(first + step) % SPELLINGS.len()];
        for (from, to) in [(a, b), (b, a)] {
            // Past the first letter, so that capitals need no care.
            if let Some(at) = name.get(1..).and_then(|rest| rest.find(from)) {
                let at = at + 1;
                return format!("{}{}{}", &name[..at], to, &name[at + from.len()..]);
            }
        }
    }
    slip(r, name)
}

/// A postcode in an area of letters that the post office gives to no place: `QA` to `ZZ`, less those it uses.
pub(crate) fn postcode(r: &mut Stream, force: u8, place_in_force: u16) -> String {
    let mut code = Vec::with_capacity(8);
    let first = b"QVXZ"[usize::from(force) / 26 % 4];
    code.push(first);
    code.push(b'A' + force % 26);
    code.extend_from_slice((place_in_force + 1).to_string().as_bytes());
    code.push(b' ');
    code.push(b'1' + r.below(9) as u8);
    code.push(INWARD[r.below(20) as usize]);
    code.push(INWARD[r.below(20) as usize]);
    String::from_utf8(code).unwrap_or_default()
}

/// A valid NHS number from the range kept for tests (900 000 000 to 999 999 999 before the check digit), another for each index
/// up to 50 million. The check digit is that of the NHS Data Dictionary (modulus 11).
pub(crate) fn nhs_number(seed: u64, index: u64) -> String {
    // A walk through all even numbers below 10^8 in steps that share no factor with their count.
    let step = 27_644_437;
    let body = (index.wrapping_mul(step).wrapping_add(seed % 50_000_000) % 50_000_000) * 2;
    for candidate in [body, body + 1] {
        let mut digits = Vec::with_capacity(10);
        push_padded(&mut digits, 900_000_000 + candidate as u32, 9);
        let check = nhs_check(&digits);
        if check < 10 {
            digits.push(b'0' + check);
            return String::from_utf8(digits).unwrap_or_default();
        }
    }
    // Two neighbours differ by 2 in their weighted sum, so not both can lack a check digit.
    String::new()
}

/// 10 where the number has no check digit.
pub(crate) fn nhs_check(nine: &[u8]) -> u8 {
    let sum: u32 = nine.iter().zip((2..=10u32).rev()).map(|(d, weight)| u32::from(d - b'0') * weight).sum();
    match 11 - sum % 11 {
        11 => 0,
        check => check as u8,
    }
}

/// A unique pupil number: a check letter, the authority's three digits, and nine more (Department for Education, *Unique pupil
/// numbers: guide for schools and local authorities*).
pub(crate) fn upn(seed: u64, index: u64, authority: u16) -> String {
    let mut digits = Vec::with_capacity(13);
    // The authorities of the invented country stand in the block that schools' authorities use.
    push_padded(&mut digits, 201 + u32::from(authority), 3);
    let serial = index.wrapping_mul(7_368_787).wrapping_add(seed % 1_000_000_000) % 1_000_000_000;
    push_padded(&mut digits, serial as u32, 9);
    let mut number = vec![upn_letter(&digits)];
    number.extend_from_slice(&digits);
    String::from_utf8(number).unwrap_or_default()
}

/// The check letter of twelve digits.
pub(crate) fn upn_letter(digits: &[u8]) -> u8 {
    let sum: usize =
        digits.iter().zip(2..).map(|(d, weight): (&u8, usize)| usize::from(d - b'0') * weight).sum();
    b"ABCDEFGHJKLMNPQRTUVWXYZ"[sum % 23]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::random::Kind;

    #[test]
    fn the_standards_example_of_an_nhs_number_holds() {
        // NHS Data Dictionary, NHS NUMBER: 943 476 5919.
        assert_eq!(nhs_check(b"943476591"), 9);
    }

    #[test]
    fn nhs_numbers_are_valid_and_never_the_same() {
        let numbers: Vec<String> = (0..200_000).map(|i| nhs_number(7, i)).collect();
        assert!(
            numbers.iter().all(|n| n.len() == 10 && nhs_check(&n.as_bytes()[..9]) == n.as_bytes()[9] - b'0')
        );
        assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
    }

    #[test]
    fn pupil_numbers_are_never_the_same() {
        let numbers: HashSet<String> = (0..100_000).map(|i| upn(3, i, (i % 175) as u16)).collect();
        assert_eq!(numbers.len(), 100_000);
    }

    #[test]
    fn postcodes_stay_in_unused_areas() {
        let mut r = Stream::new(1, Kind::Home, 0);
        for force in 0..43 {
            assert!(b"QVXZ".contains(&postcode(&mut r, force, 3).as_bytes()[0]));
        }
    }

    proptest! {
        #[test]
        fn a_slip_never_breaks_a_name(seed: u64, name in "[A-Z][a-z]{0,12}(-[A-Z][a-z]{1,8})?") {
            let mut r = Stream::new(seed, Kind::Clerk, 0);
            let slipped = slip(&mut r, &name);
            prop_assert!(slipped.is_ascii() && slipped.len().abs_diff(name.len()) <= 1);
            prop_assert!(respell(&mut r, &name).is_ascii());
        }
    }
}
