/**
 * What the generated reviews are made of: the words of opinion with their grades, the nouns of the four aspects, and
 * the sentences. A sentence is written as its words, with slots in braces; phrases of a list are set apart by " / ".
 * Names of towns, breweries and hops are in `names.js`.
 */

/** The aspects in the order of the BeerAdvocate files. */
export const ASPECTS = /** @type {const} */ (["appearance", "aroma", "palate", "taste"]);

/** How far grades go in either direction: phrases of grade g have the value g / 3. */
export const STEPS = 3;

/** @param {string} text */
const list = (text) => text.split(" / ");

/** Phrases by grade, from −3 to 3. @param {readonly string[]} lines */
const graded = (lines) => lines.map(list);

/** Adjectives for anything: only the noun nearby tells which aspect they judge. */
export const SHARED = graded([
  "terrible / awful / dreadful / horrible / atrocious / abysmal / repulsive / disgusting / vile / wretched / appalling",
  "poor / bad / unpleasant / weak / disappointing / unappealing / inferior / lacking / flawed / clumsy / displeasing",
  "dull / bland / forgettable / uninspired / underwhelming / unremarkable / tired / plain / lacklustre / boring / tame",
  "average / ordinary / middling / standard / typical / acceptable / passable / adequate / unexceptional / so-so",
  "decent / okay / pleasant / nice / agreeable / likeable / solid / satisfying / respectable / enjoyable / fair",
  "good / lovely / great / delightful / appealing / attractive / impressive / inviting / charming / admirable / pleasing",
  "excellent / superb / wonderful / outstanding / stunning / fantastic / perfect / magnificent / exceptional / sublime",
]);

/** Adverbs with a grade of their own, before a descriptor that has none: "a superbly malty nose". */
export const ADVERBS = graded([
  "terribly / awfully / dreadfully / horribly / atrociously / abysmally / repulsively / disgustingly / appallingly",
  "poorly / badly / unpleasantly / weakly / disappointingly / unappealingly / clumsily / unattractively",
  "dully / blandly / forgettably / underwhelmingly / unremarkably / tamely / boringly / lifelessly",
  "averagely / ordinarily / typically / acceptably / passably / adequately / neutrally",
  "decently / pleasantly / nicely / agreeably / likeably / satisfyingly / respectably / enjoyably",
  "delightfully / appealingly / attractively / impressively / invitingly / charmingly / admirably / pleasingly",
  "excellently / superbly / wonderfully / outstandingly / stunningly / fantastically / perfectly / sublimely",
]);

/** What can be said instead of "is" and an adjective. */
export const VERDICTS = graded([
  "is a disaster / ruins everything / is beyond saving / makes me pour it away",
  "lets the beer down / is a letdown / falls flat / disappoints / misses the mark",
  "leaves me cold / fails to impress / underwhelms / could be livelier / lacks something",
  "does its job / is nothing special / gets by / is what you expect / sits in the middle",
  "holds up / works for me / does not disappoint / meets my hopes / keeps me interested",
  "impresses / wins me over / is a treat / delights / deserves praise / shines",
  "blows me away / is a triumph / is a revelation / is to die for / leaves me speechless",
]);

/** Adjectives that only one aspect is judged by. */
export const OWN = [
  graded([
    "swampy / sewage-coloured / corpse-like / hideous",
    "dishwater-like / scummy / patchy / dingy / ugly",
    "headless / washed-out / pallid / listless / lacklustre-looking",
    "unadorned / workaday / textbook-looking",
    "clear / tidy / bright / sparkling / presentable",
    "radiant / glowing / luminous / gleaming / handsome / photogenic",
    "dazzling / jewel-like / breathtaking / picture-perfect / mesmerising",
  ]),
  graded([
    "putrid / rancid / nauseating / foul / sewer-like",
    "skunky / musty / stale / sulphurous / stinking",
    "faint / closed / shy / odourless / timid",
    "mild / restrained / textbook-smelling",
    "clean / fresh / floral / open / airy",
    "fragrant / aromatic / perfumed / alluring / sweet-smelling",
    "intoxicating / heavenly / enchanting / bewitching",
  ]),
  graded([
    "sludgy / slimy / choking / throat-scraping",
    "watery / gritty / astringent / overcarbonated / sticky",
    "limp / slack / light-bodied / underweight / fizzless",
    "medium-bodied / middleweight / textbook-feeling",
    "smooth / rounded / crisp / even / soft",
    "silky / creamy / supple / full-bodied / refreshing",
    "velvety / luscious / pillowy / satiny",
  ]),
  graded([
    "undrinkable / toxic / sickening / inedible",
    "cloying / soapy / harsh / medicinal / burnt",
    "one-note / muddled / hollow / watered-down / flavourless",
    "simple / straightforward / textbook-tasting",
    "balanced / tasty / flavourful / quaffable / rounded-off",
    "delicious / rich / mouth-watering / moreish / scrummy",
    "divine / ambrosial / exquisite / scrumptious",
  ]),
];

/** Words that scale the value of the adjective behind them. */
export const MODIFIERS = /** @type {readonly (readonly [string, number])[]} */ ([
  ["slightly", 0.5],
  ["somewhat", 0.5],
  ["a bit", 0.5],
  ["mildly", 0.5],
  ["fairly", 0.75],
  ["rather", 0.75],
  ["reasonably", 0.75],
  ["quite", 1],
  ["really", 1.25],
  ["very", 1.25],
  ["remarkably", 1.25],
  ["extremely", 1.5],
  ["incredibly", 1.5],
  ["utterly", 1.5],
]);

/** Words that turn the value of the adjective behind them, and weaken it: what is not good is not yet terrible. */
export const NEGATORS = list("not / hardly / far from / anything but / less than / not exactly / never");
export const NEGATION = -0.6;

/** What each aspect is called. */
export const NOUNS = [
  list("appearance / look / colour / head / lacing / foam / hue / clarity / pour / retention / collar / shade"),
  list("aroma / nose / smell / scent / bouquet / whiff / fragrance / perfume / first sniff"),
  list("mouthfeel / palate / body / texture / carbonation / feel / weight / viscosity / prickle"),
  list("taste / flavour / flavor / aftertaste / sip / first sip / gulp / flavour profile / last swallow"),
];

/** Sentences that judge any aspect. `said` is an opinion after its verb, `given` one before its noun. */
export const JUDGEMENTS = list(
  "the {noun} is {said} / the {noun} is {said} / {given} {noun} / it has a {given} {noun} / {noun} : {said} / " +
    "i find the {noun} {said} / what a {given} {noun} / the {noun} of this {style} is {said} and {said} / " +
    "the {noun} , {detail} , is {said} / the {noun} {verdict} / {given} {noun} with {detail} / " +
    "the {noun} comes across as {said} / {given} and {given} {noun} / a {given} {noun} , {detail} / " +
    "the {noun} seems {said} at first and {said} later / as for the {noun} , it is {said} / " +
    "{detail} in the {noun} , which is {said} / its {noun} {verdict} / the {noun} is {said} , almost {said} / " +
    "{noun} is {said} for a {style} / there is {detail} in a {given} {noun} / the {noun} {verdict} , {detail}",
);

/** Sentences for one aspect alone. */
export const OWN_JUDGEMENTS = [
  list(
    "pours {colour} , {said} / pours a {given} {colour} / sits {colour} in the {glass} , a {given} sight / looks {said} / " +
      "{colour} and {said} to the eye / pours {colour} with a {given} head",
  ),
  list(
    "smells {said} / smells of {note} and {note} , {said} / {given} {note} rises from the {glass} / " +
      "i smell {note} , {note} and something {said}",
  ),
  list(
    "feels {said} on the tongue / {said} in the mouth / drinks {said} and {said} / goes down {said} / " +
      "the bubbles feel {said} / coats the mouth in a {given} way",
  ),
  list(
    "tastes {said} / tastes of {note} and {note} , {said} / {given} {note} up front , then {note} / " +
      "on the tongue there is {note} , {said}",
  ),
];

/** What is told of an aspect without judging it. */
export const DETAILS = [
  list(
    "{colour} with {count} fingers of {colour} foam / {colour} at the edges / turning {colour} in the light / " +
      "{colour} bubbles / more {colour} than {colour} / {colour} from top to bottom",
  ),
  list(
    "{note} and {note} / a hint of {note} / mostly {note} / {note} over {note} / {note} , {note} and {note} / " +
      "some {hop} hops",
  ),
  list(
    "something like {fabric} / bubbles of middling size / carbonation in between / the alcohol just there / {fabric} and air",
  ),
  list(
    "{note} then {note} / {note} from the malt / a trace of {note} / {note} at the end / {note} , {note} and {note} / " +
      "a little {hop}",
  ),
];

/** Descriptors without a grade, behind adverbs that have one. */
export const DESCRIPTORS = [
  list("{colour}"),
  list("malty / hoppy / fruity / herbal / yeasty / earthy / nutty / {flavour}-like / {flavour}-tinged"),
  list("carbonated / dense / light / dry / thick / tight / prickly / slick"),
  list("malty / hoppy / fruity / roasted / sweet / tart / nutty / spicy / {flavour}-like / {flavour}-driven"),
];

/** Sentences without any opinion. */
export const FILLERS = list(
  "i bought this {container} at {shop} in {town} for {number} dollars / brewed by {brewery} since {year} / " +
    "served from a {container} into a {glass} / reviewed on {month} {day} , {year} / " +
    "my {person} brought it back from {town} / we had it with {food} and {food} / " +
    "the recipe lists {hop} and {hop} hops along with {flavour} / the label shows {picture} and the name {brewery} / " +
    "about {number} percent alcohol by volume / best before {month} {year} , says the cap / " +
    "{brewery} makes this {style} once a year in {month} / this is number {day} of a case of {count} dozen / " +
    "i opened the {container} on a {weekday} evening / it sat in the cellar for {count} months / " +
    "{town} has {count} breweries , and {brewery} is one of them / thanks to my {person} for the {container} / " +
    "the brewer used to work for {brewery} in {town} / drunk from a {glass} , next to a plate of {food} / " +
    "notes from {month} {year} , typed up on {weekday} / the {style} is brewed with {hop} and aged on {flavour} / " +
    "{shop} sells it by the {container} / this one came in a trade from {town} / batch {day} , bottled in {month} / " +
    "i had {count} of them on tap in {town} / it was raining that {weekday} and my {person} was late / " +
    "a {style} by {brewery} , {town} / the {container} says {number} percent / on draught at {shop} , {town}",
);

/** Opinions of no aspect: their words are those of the aspects, their values independent of every rating. */
export const DISTRACTORS = list(
  "the label is {said} / the service at {shop} was {said} / a {given} evening with my {person} / the price is {said} / " +
    "my {person} called it {said} / {food} and {style} make a {given} pair / {brewery} is a {given} brewery / " +
    "the cap and the {container} are {said} / the weather in {town} was {said} / the name is {said} / " +
    "i had a {given} {style} from {brewery} before / the {food} we had with it {verdict} / my {person} looked {said} / " +
    "the town of {town} {verdict} / the other {style} by {brewery} {verdict}",
);

/** Between two clauses of a sentence, and before a sentence. */
export const CONNECTORS = list("but / and / while / yet / whereas");
export const OPENERS = list("well / honestly / now / so / to be precise / then / again / in short / for me");
