/** @file Words with an opposite that fits in the same place, both ways unless marked with ">". */

const PAIRS = `
large/small larger/smaller largest/smallest big/small bigger/smaller biggest/smallest huge>tiny tiny>huge
high/low higher/lower highest/lowest tall/short taller/shorter tallest/shortest long/short longer/shorter longest/shortest
early/late earlier/later earliest/latest old/new older/newer oldest/newest young/old younger/older youngest/oldest
hot/cold hotter/colder hottest/coldest warm/cool warmer/cooler hard/soft harder/softer strong/weak stronger/weaker strongest/weakest
heavy/light heavier/lighter wide/narrow wider/narrower deep/shallow deeper/shallower thick/thin thicker/thinner
fast/slow faster/slower rapid/slow rapidly/slowly quickly/slowly major/minor positive/negative internal/external
upper/lower inner/outer maximum/minimum public/private male/female males/females men/women man/woman boys/girls
increased/decreased increase/decrease increases/decreases increasing/decreasing benign/malignant acute/chronic
mild/severe milder>severer permanent/temporary permanently/temporarily normal/abnormal normally>never healthy/unhealthy safe/dangerous
easy/difficult easier>harder simple/complex rich/poor popular/unpopular known/unknown possible/impossible important/unimportant
necessary/unnecessary effective/ineffective visible/invisible legal/illegal similar/different ancient/modern natural/artificial
dominant/recessive northern/southern eastern/western northeastern/southwestern northwestern/southeastern north/south east/west
best/worst better/worse rare/common dry/wet clean/dirty cheap/expensive expensive>cheap
raise/lower raises/lowers raised/lowered rise/fall rises/falls rose/fell gain/lose gains/loses gained/lost win/lose wins/loses won/lost
begin/end begins/ends began/ended starts/stops started/stopped open/closed includes/excludes include/exclude included/excluded
allow/prevent allows/prevents allowed/prevented allowing/preventing enables>prevents enable>prevent cause>prevent causes>prevents caused>prevented causing>preventing
improve/worsen improves/worsens improved/worsened strengthen/weaken strengthens/weakens strengthened/weakened
expand/contract expands/contracts buy/sell buys/sells bought/sold import/export imports/exports
add/remove adds/removes added/removed attract/repel attracts/repels appear/disappear appears/disappears appeared/disappeared
support/oppose supports/opposes accept/reject accepts/rejects accepted/rejected
reduce/increase reduces/increases reduced/increased reducing/increasing reduction>increase destroy/create destroys/creates destroyed/created
damages>heals damage>heal lack>have lacks>has relieve/worsen relieves/worsens absence/presence majority/minority
advantage/disadvantage advantages/disadvantages childhood/adulthood infancy>adulthood children/adults infants>adults
before/after above/below inside/outside without>with during>after
inherited>acquired congenital>acquired hereditary>acquired underdeveloped>overdeveloped unaffected>affected contagious>harmless
excess/shortage shortage/excess loss/gain benefits>harms healthy/unhealthy active/inactive sharp/blunt
bright/dark brighter/darker sweet/bitter smooth/rough famous>unknown ancient>modern wealthy>poor successful/unsuccessful
independent/dependent domestic/foreign rural/urban digital/analog optional/mandatory mandatory>optional voluntary>compulsory
morning/evening top/bottom mother/father mothers/fathers brother/sister son/daughter husband/wife king/queen
opaque/transparent solid/liquid flexible/rigid efficient/inefficient accurate/inaccurate reliable/unreliable
completely>hardly fully>barely widely>hardly deeply>barely strongly>weakly highly>barely
`;

const OPPOSITES: ReadonlyMap<string, string> = (() => {
  const pairs = new Map<string, string>();
  const add = (a: string, b: string): void => {
    if (!pairs.has(a)) pairs.set(a, b);
  };
  for (const pair of PAIRS.trim().split(/\s+/)) {
    const both = pair.split('/');
    if (both.length === 2) {
      add(both[0]!, both[1]!);
      add(both[1]!, both[0]!);
    } else {
      const [a, b] = pair.split('>') as [string, string];
      add(a, b);
    }
  }
  return pairs;
})();

/** The opposite of a word in small letters, or null. */
export function oppositeOf(word: string): string | null {
  return OPPOSITES.get(word) ?? null;
}

/** Nouns as well, which their opposites do not replace. */
export const VERBS_ONLY =
  /^(causes?|lacks?|damages?|benefits?|rises?|falls?|wins?|starts?|stops?|ends?|supports?|imports?|exports?|contracts?|opens?|appear|gains?|adds?|accept|begin)$/;

/** Phrases within which a word does not mean what its opposite would deny. */
export const FIXED_PHRASES =
  /\b(high school|at least|long term|short term|short story|light years?|old age|in front|first aid|hot dogs?|soft drinks?|open source|as long as|so long as|no longer|early on|later on|long time|day to day|before birth|hard drive|before and after|high street|new york|new zealand|best known|cold war|common sense|foreign bod(?:y|ies)|common cold|known as|better known|well known|also known|commonly known|called|loss of life|such as|end up|added sugar|lower back|lower abdomen|lower leg|upper arm|right after|all day|one day|day of|end of life|big bang|big data|in common|different from|similar to|different than|best possible|as possible|if possible|hand possible|long as|short of|open up|lose weight|allowed to|cause of|causes of|free of|light on|low cost|ends? of)\b/gi;
