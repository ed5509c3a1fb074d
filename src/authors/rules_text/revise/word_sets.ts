/** @file Sets of words of one kind, any of which fits where another stands. */

const set = (text: string): readonly string[] => text.split(',').map((word) => word.trim());

/** Names: their members keep their capitals. */
export const NAME_SETS: readonly (readonly string[])[] = [
  set('January,February,March,April,June,July,August,September,October,November,December'),
  set('Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday'),
  set('Africa,Asia,Europe,Australia,Antarctica,North America,South America'),
  set(
    'France,Germany,Italy,Spain,Portugal,Poland,Sweden,Norway,Denmark,Finland,Greece,Turkey,Egypt,Nigeria,Kenya,Ethiopia,Morocco,India,China,Japan,Thailand,Vietnam,Indonesia,Malaysia,Pakistan,Iran,Iraq,Israel,Russia,Ukraine,Canada,Mexico,Brazil,Argentina,Chile,Peru,Colombia,Cuba,Ireland,Scotland,England,Austria,Switzerland,Hungary,Belgium,New Zealand,South Africa,South Korea',
  ),
  set(
    'French,German,Italian,Spanish,Portuguese,Polish,Swedish,Norwegian,Danish,Greek,Turkish,Egyptian,Indian,Chinese,Japanese,Thai,Vietnamese,Russian,Canadian,Mexican,Brazilian,Irish,Scottish,Austrian,Swiss,Hungarian,Dutch,American,British,Australian',
  ),
  set(
    'London,Paris,Berlin,Madrid,Rome,Vienna,Moscow,Tokyo,Beijing,Shanghai,Delhi,Mumbai,Cairo,Sydney,Toronto,Chicago,Boston,Los Angeles,San Francisco,Seattle,Houston,Philadelphia,Miami,Denver,Atlanta,Detroit',
  ),
  set(
    'Alabama,Alaska,Arizona,California,Colorado,Florida,Georgia,Hawaii,Idaho,Illinois,Indiana,Iowa,Kansas,Kentucky,Maine,Maryland,Massachusetts,Michigan,Minnesota,Montana,Nebraska,Nevada,New Jersey,New Mexico,Ohio,Oklahoma,Oregon,Pennsylvania,Tennessee,Texas,Utah,Vermont,Virginia,Wisconsin',
  ),
  set('Mercury,Venus,Earth,Mars,Jupiter,Saturn,Uranus,Neptune'),
  set('Christianity,Islam,Hinduism,Buddhism,Judaism,Sikhism'),
  set('Atlantic,Pacific,Arctic'),
];

/** Common words. */
export const WORD_SETS: readonly (readonly string[])[] = [
  set('red,blue,green,yellow,black,white,purple,orange,pink,brown'),
  set('iron,copper,gold,silver,lead,zinc,tin,aluminum,nickel'),
  set('oxygen,nitrogen,hydrogen,helium,carbon dioxide'),
  set('protein,fat,sugar,starch,fiber'),
  set('football,basketball,baseball,tennis,hockey,golf,cricket,rugby,volleyball'),
  set('guitar,piano,violin,trumpet,flute,drums,cello'),
  set('brain,heart,liver,lungs,kidneys,stomach,skin'),
  set('winter,summer,spring,autumn'),
  set('biology,chemistry,physics,mathematics,psychology,economics,philosophy,geology,history'),
  set('wood,glass,plastic,steel,stone,paper,leather,cotton'),
  set('milk,water,wine,beer,coffee,tea,juice'),
  set('wheat,rice,corn,barley,oats,rye'),
  set('beef,pork,chicken,lamb,fish'),
];

/** First names that tell a person's name apart from other names, and whole names to put in its place. */
export const FIRST_NAMES: ReadonlySet<string> = new Set(
  set(
    'James,John,Robert,Michael,William,David,Richard,Joseph,Thomas,Charles,Christopher,Daniel,Matthew,Anthony,Mark,Paul,Steven,Andrew,George,Kenneth,Edward,Henry,Peter,Albert,Isaac,Alexander,Benjamin,Samuel,Frank,Walter,Arthur,Louis,Martin,Stephen,Simon,Tim,Tom,Jim,Bill,Bob,Steve,Larry,Jeff,Elon,Mary,Patricia,Jennifer,Linda,Elizabeth,Barbara,Susan,Sarah,Margaret,Anna,Jane,Emily,Marie,Julia,Alice,Charlotte,Victoria',
  ),
);
export const WHOLE_NAMES: readonly string[] = set(
  'Arthur Pemberton,Henry Lindqvist,Edward Castellan,Walter Hargreave,Samuel Ostrander,Oliver Brightwell,Martin Fairchild,Theodore Blackwood',
);

/** Units, each with others of its kind. */
export const UNIT_SETS: readonly (readonly string[])[] = [
  set('seconds,minutes,hours,days,weeks,months,years,decades,centuries'),
  set('second,minute,hour,day,week,month,year,decade,century'),
  set('millimeters,centimeters,meters,kilometers,inches,feet,miles'),
  set('mm,cm,m,km'),
  set('milligrams,grams,kilograms,tons,ounces,pounds'),
  set('mg,g,kg'),
  set('milliliters,liters,gallons'),
  set('thousand,million,billion,trillion'),
  set('KB,MB,GB,TB'),
];
