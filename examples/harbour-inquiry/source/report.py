"""The text of the invented inquiry report, as data: everything in it is made up for this project."""

TITLE = "The Harbour Region Inquiry into Missed Home Visits"
CHAIR = "Chair: Dame Orla Fennick"
PUBLISHED = "3 March 2025"
NUMBER = "HR 2025/7"

# Recommendations: number, title, paragraphs ("- " begins a bullet, "(a) " a sub-part), and a footnote mark where there is one.
RECOMMENDATIONS = {
    1: ("A register of missed visits", [
        "The Harbour Care Board should publish a register of every missed visit, with what was done about each, within six months of the publication of this report.",
    ]),
    2: ("One meaning of a missed visit", [
        "The Ministry of Care and the Harbour Care Board should agree one meaning of the term ‘missed visit’ by 30 September 2025. It should:",
        "- say how late a visit may be before it counts as missed;",
        "- count a visit as missed whether or not it is made later; and",
        "- be used by every provider in its returns.",
    ]),
    3: ("Returns from providers", [
        "Each Area Care Council should require every provider in its area to send it a return of missed visits at least every three months. Within three months of receiving the first return, it should publish what the returns show.",
    ]),
    4: ("Telling families", [
        "The Harbour Care Board should require providers to:",
        "(a) tell the person concerned, or whoever acts for them, of a missed visit on the same day;",
        "(b) record that they have done so; and",
        "(c) say what will be done to keep it from happening again.",
    ]),
    5: ("Alarms when a visit is not recorded", [
        "The Ministry of Care should fund an alarm service in every area, so that a visit that is not recorded as made is followed up within the hour. The service should be in place before the end of the 2025/26 financial year and should be paid for from central funds for at least its first years of use.",
        "It should be open to every provider, whatever its size, and it should work where there is no mobile signal, as is the case in much of the Outer Isles.",
    ]),
    6: ("Inspection without notice", [
        "The Care Inspectorate of the Harbour Region should inspect, without notice, a sample of providers every year and report on what it finds.",
    ]),
    7: ("Powers to act", [
        "The Ministry of Care should bring forward legislation to let the Care Inspectorate suspend a provider. The Inspectorate should publish guidance on how it will use the power within six months of commencement of the Act.",
    ]),
    8: ("Support for staff who raise concerns", [
        "They should together set up a confidential line for staff who raise concerns, as soon as reasonably practicable.",
    ]),
    9: ("Keeping records", [
        "All Area Care Councils should keep records of missed visits for at least twelve years and should review how they are kept at least every three years.",
    ]),
    10: ("A named minister", [
        "The First Minister of the Harbour Region should name one minister to answer for home visits.",
    ]),
    11: ("Research", [
        "The Ministry of Care, working with the universities of the region, should commission research on why visits are missed and publish it within 18 months of the publication of this report.",
    ]),
    12: ("A public account of progress", [
        "The Ministry of Care should publish, by 1 March 2026 and annually thereafter, what it and others have done in answer to each of these recommendations, with reasons where nothing has been done.",
    ]),
}

# Chapters: title, and a list of paragraphs, recommendations by number, and footnotes as (mark, text) tuples.
CHAPTERS = [
    ("Introduction", [
        "On 4 June 2023 the Assembly of the Harbour Region resolved that there should be an inquiry into the recording of home care visits that were not made. I was appointed to chair it on 1 September 2023.",
        "The Inquiry heard from 61 witnesses over 22 days and read some 14,000 pages. It was not asked to say whether any one person was at fault, and does not.",
        "Home visits are made by 214 providers under contracts with five Area Care Councils. The Harbour Care Board sets the standards and the Care Inspectorate inspects against them.[1]",
        ("1", "Home Visits (Harbour Region) Act 2011, sections 4 and 9."),
        "Nobody could tell the Inquiry how many visits are missed. Each council counted differently, and two did not count at all. *That is the first finding of this report, and the one from which the others follow.*",
        "I am grateful to those who gave evidence about visits that were not made to them or to someone they care for. Many had told their story before, to people who wrote it down and did nothing with it.",
    ]),
    ("What is known, and what is not", [
        "The Board believed that the number of missed visits had fallen by a third between 2018 and 2022. It should not have assumed so: in those years three councils moved to a new system in which a visit made late was recorded as made.[2]",
        ("2", "Evidence of the Board’s director of returns, day 7, pages 12 to 19."),
        "The same visit could be recorded as missed by the provider, as late by the council and as made by the Board. The Inquiry looked at 1,200 visits in each of the three records and found that they agreed on 61 in every 100.",
        1,
        "A register will only be of use if the same words mean the same thing in every part of the region. At present the term is defined in four places and differently in each.",
        2,
        "It must be said that some providers kept good records throughout. I commend the three small providers in the Outer Isles, whose paper diaries proved more complete than any system in the region.",
    ]),
    ("Who is told", [
        "Councils rely on providers to tell them of missed visits. There is no duty to do so, and no council had ever asked a provider to account for a month in which it reported none.",
        3,
        "Families told the Inquiry that they learned of a missed visit from the person who had waited for it. **In no case that the Inquiry looked at had a provider told the family first.**",
        4,
        "The Tallow Review looked at the same question in 2016. Recommendation 9 of the Tallow Review asked the Board to publish the number of complaints it received. The Board accepted it and did not do it.[3]",
        ("3", "Tallow Review of Home Support, 2016, page 88."),
    ]),
    ("Finding out in time", [
        "Where a visit is not made, hours matter. In the cases the Inquiry looked at, a missed visit was noticed by someone who could act after a median of nineteen hours.",
        "Alarm services exist in two areas. They are simple: a visit that is not recorded within a set time of when it was due is telephoned about by a person who can send somebody else. Both were set up by the council from its own funds, and one has since been closed to save money. The Inquiry visited the other and was impressed by what it saw, which was a room with four telephones and a clear rota.",
        "The cost of such a service for the whole region was put to the Inquiry at between two and three million crowns a year. Against that stand the costs that fall elsewhere when a visit is missed and nobody knows, which the Inquiry was unable to estimate because nobody has recorded them.[4]",
        ("4", "The Ministry’s own estimate of 2019 was never published. It was given to the Inquiry in confidence and then released at its request."),
        5,
        "An alarm tells of one visit. It takes an inspection to find a pattern, and inspections are announced six weeks before they are made.",
        6,
        "The Inspectorate can publish what it finds. It cannot stop a provider from taking on new work while a fault is put right, and told the Inquiry that this was the power it most wanted.",
        7,
    ]),
    ("Those who do the work", [
        "Staff who raised concerns were listened to in some places and not in others. The Harbour Care Board and the Care Inspectorate each have a policy. Neither could say how often it had been used.",
        8,
        "Records of visits are kept for as little as eighteen months. By the time a concern is raised, the record that would settle it is often gone.",
        9,
    ]),
    ("Seeing it through", [
        "Six ministers held responsibility for home visits between 2015 and 2024. Each told the Inquiry of the plans of the one before.",
        10,
        "There has been no study of why visits are missed since 1998. It was said to the Inquiry that the reasons are obvious. They are not: the two reasons most often given by providers, traffic and sickness, account for less than a fifth of the cases that the Inquiry was able to trace.",
        11,
        "Reports like this one are received with thanks and put away. I make one last recommendation so that it may be harder to do so with this one.",
        12,
    ]),
]
