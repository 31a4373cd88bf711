/**
 * The slots of the generated reviews that carry no opinion: flavours, foods, colours, things and persons, and names of
 * towns, breweries and hops that are put together from syllables.
 */

/** @param {string} text */
const list = (text) => text.split(" / ");

/** @param {readonly string[]} first @param {readonly string[]} second @param {string} between */
const pairs = (first, second, between) => second.flatMap((b) => first.map((a) => `${a}${between}${b}`));

const flavours = list(
  "caramel / toffee / coffee / chocolate / cocoa / bread / biscuit / honey / molasses / vanilla / oak / smoke / leather / " +
    "tobacco / pine / resin / grass / hay / orange / lemon / grapefruit / lime / mango / papaya / peach / apricot / apple / " +
    "pear / banana / clove / pepper / coriander / ginger / cinnamon / nutmeg / raisin / plum / fig / date / cherry / " +
    "raspberry / strawberry / blackberry / melon / pineapple / coconut / almond / hazelnut / walnut / chestnut / licorice / " +
    "anise / mint / thyme / sage / rosemary / lavender / rose / elderflower / chamomile / tea / rye / wheat / oat / barley / " +
    "cracker / toast / butterscotch / maple / marzipan / bubblegum / earth / mushroom / cedar / cereal / sourdough / grape / " +
    "lychee / passionfruit / tangerine / currant / quince / rhubarb / juniper / cardamom / saffron / nougat / treacle",
);
const foods = list(
  "pizza / burgers / stew / curry / ribs / wings / salad / pretzels / cheddar / brie / gouda / sausage / ham / salmon / " +
    "trout / oysters / mussels / shrimp / tacos / nachos / chili / pasta / risotto / dumplings / noodles / ramen / sushi / " +
    "steak / brisket / meatballs / lasagne / goulash / schnitzel / potatoes / chips / olives / peanuts / popcorn / waffles / " +
    "pancakes / brownies / cheesecake / gingerbread / pie / crumble / chowder / gumbo / falafel / hummus / kebab / paella",
);
const preparations = list("grilled / smoked / baked / fried / cold / leftover / spicy / homemade / pickled / roast");
const colours = list(
  "amber / copper / gold / straw / mahogany / chestnut-brown / black / ruby / crimson / orange-brown / tan / ivory / khaki / " +
    "beige / auburn / rust / bronze / garnet / ebony / yellow / honey-gold / cola-brown / peach-gold / off-white / mocha",
);
const shades = list("dark / pale / deep / light / cloudy / hazy / reddish / brownish / yellowish / golden");

const stems = list(
  "stone / raven / wolf / river / iron / oak / elm / ash / bear / fox / hawk / crow / mill / moor / north / south / winter / " +
    "summer / silver / copper / black / white / red / green / grey / long / high / low / old / new / lark / dove / frost / " +
    "deer / eagle / salt / sand / snow / thorn / wind / wood / lake / marsh / bridge / castle / church / king / queen / bishop / " +
    "swan / heron / otter / badger / hazel / birch / maple / alder / rowan / cliff / harbour",
);
const endings = list(
  "brook / hill / ford / field / ton / ville / dale / wick / ham / port / bury / haven / stead / gate / burgh / minster / wold / " +
    "mouth / cross / ridge / combe / worth / shaw / garth / beck",
);
const hopStems = list(
  "cas / cen / chi / ama / mag / nel / gal / sim / col / ella / sor / pal / tett / hall / sap / moz / cit / warr / wil / gold / " +
    "brav / stri / kaz / tau",
);
const hopEndings = list(
  "cade / tennial / nook / rillo / num / son / axy / coe / umbus / ira / ace / isade / nang / ertau",
);

const styles = pairs(
  list(
    "pale / amber / brown / smoked / imperial / session / barrel-aged / dry-hopped / unfiltered / wild / winter / farmhouse",
  ),
  list(
    "ale / lager / stout / porter / ipa / saison / pilsner / wheat beer / bock / barleywine / tripel / dubbel / gose / kolsch",
  ),
  " ",
);

/** What may stand in each slot, commonest first: draws favour the front. */
export const NAMES = new Map(
  Object.entries({
    flavour: flavours,
    note: [
      ...flavours,
      ...pairs(list("dried / toasted / frozen / candied / green / charred / ripe / wild"), flavours, " "),
      ...pairs(list("like / ish"), flavours, "-").map((text) => `something ${text.split("-").reverse().join("-")}`),
    ],
    food: [...foods, ...pairs(preparations, foods, " ")],
    colour: [...colours, ...pairs(shades, colours, " "), ...pairs(colours, colours, "-")],
    fabric: list(
      "cotton / flannel / linen / felt / wool / water / cream / soda / oil / milk / syrup / mist / champagne",
    ),
    style: styles,
    container: list(
      "bottle / can / bomber / growler / crowler / keg / magnum / half-litre / four-pack / six-pack / flagon",
    ),
    glass: list(
      "pint / tulip / snifter / goblet / flute / stein / mug / tumbler / chalice / weizen glass / nonic / stange / beaker",
    ),
    person: list(
      "brother / sister / father / mother / uncle / aunt / cousin / wife / husband / neighbour / friend / colleague / boss / " +
        "roommate / grandfather / nephew / niece / landlord / dentist / barber / teacher / postman",
    ),
    picture: pairs(
      list("a dancing / a sleeping / a flying / a laughing / an armoured / a bearded / a crowned / a one-eyed"),
      list(
        "bear / monk / fox / goat / ship / pirate / crow / moose / wizard / sailor / trout / rooster / knight / dragon / hare",
      ),
      " ",
    ),
    shop: pairs(stems, list("market / cellars / tavern / wines / grocery / taproom / inn / deli"), " "),
    town: pairs(stems, endings, ""),
    brewery: [...pairs(stems, list("brewing / brewery / ales / beer company"), " "), ...pairs(stems, stems, " & ")],
    hop: pairs(hopStems, hopEndings, ""),
    month: list(
      "january / february / march / april / may / june / july / august / september / october / november / december",
    ),
    weekday: list("monday / tuesday / wednesday / thursday / friday / saturday / sunday"),
    count: list("two / three / four / five / six / seven / eight / nine / ten / eleven / twelve"),
    day: Array.from({ length: 31 }, (_, i) => String(i + 1)),
    year: Array.from({ length: 40 }, (_, i) => String(2019 - i)),
    number: Array.from({ length: 120 }, (_, i) => (4 + i / 10).toFixed(1)),
  }),
);
