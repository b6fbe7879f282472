"""The page Trust: known truth, randomization, faithfulness, the league, and measuring more."""

WORDS = {
    "page.trust": "Trust",
    "section.truth": "Known truth",
    "section.random": "Randomization",
    "section.faith": "Faithfulness",
    "section.league": "League",
    "trust.broken": "{path} is no league table, so its rows are left out: remove it, or name another file in FOVEA_BENCHMARK.",
    "trust.aside": "The picture in the side bar plays no part here, only under *Randomization*.",
    # sources that are no methods
    "source.map": "Attention: {map}",
    "source.random": "Random",
    "source.blob": "Center blob",
    "source.edges": "Edges",
    # a ranking
    "rank.alt": "Every method and attention map with its mean and its 95 % interval; click one to look at it",
    "rank.told": "<b>{source}</b><br>{mean}, 95 % interval {low} to {high}<br>{pictures} pictures",
    "rank.told.blank": "<br>blank on {share} of them",
    "rank.blank": "blank",
    "rank.pictures": "{count} pictures",
    "rank.pictures.one": "1 picture",
    "rank.how": "Line: 95 % interval of the mean. Hollow: knows nothing of the model. Click a line to see its map.",
    "rank.origin": "Measured on {pictures} pictures that the model answers rightly, seed {seeds}.",
    "rank.few": "Maps on fewer: {count}, on {pictures} pictures.",
    "rank.range": "{low} to {high}",
    "rank.none": "Nobody has measured the maps of {model} here yet.",
    "rank.measure": "Measure them",
    # known truth
    "truth.title": "Does the map lie where the evidence is?",
    "truth.asked": "What is measured",
    "truth.object": "Fovea draws these scenes itself, so it knows where the thing is that decides the class. **Mass** is how much of a "
    "map lies on the thing, **pointing** whether its peak does. High is good.",
    "truth.object.limit": "It cannot tell whether the model uses the thing: if it answers for another reason, a map that shows "
    "this loses here.",
    "truth.tag": "This model was trained where a tag in a corner gives the class away, and learned to read the tag. So a map "
    "that tells the truth about it lies on the **tag**, and not on the thing. High on the tag is good.",
    "truth.tag.limit": "It cannot tell how much else the model uses: a little of the map off the tag need not be wrong.",
    "truth.background": "This model was trained where the place gives the class away, boats always at sea. So a map that tells the "
    "truth about it lies on the **place**: everything but the thing. High on the place is good.",
    "truth.background.limit": "It cannot tell a good map from a careless one: the place is nearly all of the picture, so chance is "
    "high too.",
    "truth.quarter": "Nobody knows what decides in a photograph. So four photographs of four classes are put into one picture, and "
    "the map is asked about one of the classes: it should lie in that **quarter** (the grid pointing game). High is good.",
    "truth.quarter.limit": "It cannot tell whether the map is right within the quarter, and a picture of four is not what the "
    "model has learned from.",
    "truth.object-mass": "Mass on the thing",
    "truth.object-pointing": "Pointing at the thing",
    "truth.tag-mass": "Mass on the tag",
    "truth.tag-pointing": "Pointing at the tag",
    "truth.background-mass": "Mass on the place",
    "truth.background-pointing": "Pointing at the place",
    "truth.quarter-mass": "Mass in the quarter",
    "truth.quarter-pointing": "Pointing into the quarter",
    "truth.verdict": "**{above} of {count}** maps have more there than chance gives ({chance}, dotted), by their whole interval. "
    "Highest: **{best}**, {value}.",
    "truth.blank": "Left out, because nothing in it speaks for the class in any picture: {names}.",
    # one example
    "example.title": "Look at one",
    "example.source": "Map",
    "example.number": "Picture (1 to {count})",
    "example.finding": "Finding the pictures ...",
    "example.elsewhere": "The photographs are not on this machine, so there is none to look at. Fetch them under *Add pictures*.",
    "example.none": "There is no picture of which it is known where the evidence is.",
    "example.alt": "A picture with the map for {name} over it, and the outline of where the evidence is",
    "example.object": "Asked about **{name}**. White line: the thing. Ring: the peak of the map. Only what speaks for the class is drawn "
    "and counted.",
    "example.tag": "Asked about **{name}**, which the tag tells. White line: the tag. Ring: the peak of the map. Only what speaks for "
    "the class is drawn and counted.",
    "example.background": "Asked about **{name}**, which the place tells. White line: the thing, which does not matter. Ring: the peak of "
    "the map. Only what speaks for the class is drawn and counted.",
    "example.quarter": "Asked about **{name}**. White line: its quarter. Ring: the peak of the map. Only what speaks for the class is "
    "drawn and counted.",
    "example.blank": "The map is blank: nothing here speaks for the class, so it lies nowhere.",
    "example.chance": "chance {chance}",
    # randomization
    "random.title": "Does the map change when the model forgets?",
    "random.about": "Every weight of the model is drawn anew, so that it has forgotten all that it learned, and the map is made again. "
    "The number is the rank correlation of both maps: 1 is the same map. Low is good.",
    "random.limit": "It cannot tell whether a map that changes is right: noise changes too. It can only tell which maps "
    "have nothing to do with what the model has learned.",
    "random.all": "All **{count}** maps change.",
    "random.careless": "**{count} of {all}** maps do not care about the weights: {names}.",
    "random.how": "Dotted: from {limit} on a map is said not to care. Line: 95 % interval of the mean. Hollow: knows nothing of the "
    "model, so nothing changes. Click a line to see its map.",
    "random.live": "Watch it on your picture",
    "random.cares": "In the end {value}: **this map depends on the weights**.",
    "random.stays": "In the end {value}: **this map does not care about the weights**.",
    "random.blank": "In the end {value}: a map that is the same everywhere is neither like the other nor unlike. **This says nothing "
    "about the map.**",
    "random.unasked": "Not here, because the map is the same everywhere before or after: {names}.",
    "random.trained": "As trained",
    "random.top": "Top",
    "random.first": "{stage} re-drawn",
    "random.more": "and {stage}",
    "random.row": "The map for {name}, by strength, whatever its sign. From picture to picture one more stage is re-drawn, from the "
    "top down (seed {seed}); under each its rank correlation with the first.",
    "random.fast": "How fast each map changes",
    "random.courses": "One line for each map of your picture: its rank correlation with the trained model's, while one more stage is "
    "re-drawn each time, from the top down. In color: the map above. Dotted: from there on it does not care. A gap: blank.",
    "random.slow": "Left out, because they take long: {names}.",
    # faithfulness
    "faith.title": "Does the answer hang on what the map points at?",
    "faith.about": "The cells of the picture go away, those that the map points at first, or appear in that order in a blurred picture; the "
    "number is the class's probability, averaged along the way.",
    "faith.limit": "It cannot tell a bad map from a model that is startled: a picture with holes is none that it has learned "
    "from, and gray holes may speak for a class by themselves.",
    "faith.insertion": "Insertion: high is good",
    "faith.deletion": "Deletion: low is good",
    "faith.verdict": "**{ahead} of {count}** maps beat random, center blob and edges; **{clear}** clearly, with intervals apart.",
    "faith.how": "Dotted: the best of the three that know nothing of the model (hollow). Line: 95 % interval of the mean.",
    # league
    "league.title": "Methods by measures",
    "league.about": "The mean of every measure for every map. ↑ high is good, ↓ low is good, no arrow: it hangs on what the model has "
    "learned. A click on a head sorts, and says more.",
    "league.limit": "No measure makes a map an explanation, and none of them alone ranks the methods: a map may be first in one and last in another.",
    "league.extent": "Which models",
    "league.this": "This model",
    "league.all": "All models",
    "league.sources": "All maps",
    "league.measures": "Measures",
    "league.source": "Map",
    "league.reference": "{source} (reference)",
    "league.seed": "Seed",
    "league.csv": "CSV",
    "league.csv.help": "The rows of this table as they are, with intervals, chance, number of pictures, seed and checksum",
    "league.how": "Attention maps stand by their taps. Intervals stand in the other sections and in the file.",
    "measure.mass": "Mass",
    "measure.mass.help": "How much of the map lies on the thing of a scene, or in its quarter of four photographs. High is good "
    "where the model has learned the thing.",
    "measure.pointing": "Pointing",
    "measure.pointing.help": "How often the peak of the map lies there. High is good where the model has learned the thing.",
    "measure.tag-mass": "Mass on the tag",
    "measure.tag-mass.help": "How much of the map lies on the tag that tells the class. High is good: these models read the tag.",
    "measure.tag-pointing": "Pointing at the tag",
    "measure.tag-pointing.help": "How often the peak of the map lies on the tag. High is good: these models read the tag.",
    "measure.background-mass": "Mass on the place",
    "measure.background-mass.help": "How much of the map lies on the place that tells the class: everything but the thing. High is good: "
    "these models go by the place.",
    "measure.background-pointing": "Pointing at the place",
    "measure.background-pointing.help": "How often the peak of the map lies there. High is good: these models go by the place.",
    "measure.blank": "Blank",
    "measure.blank.help": "How often nothing in the map speaks for the class, so that it lies nowhere. Low is good.",
    "measure.insertion": "Insertion",
    "measure.insertion.help": "The class's probability while what the map points at appears. High is good.",
    "measure.deletion": "Deletion",
    "measure.deletion.help": "The class's probability while what the map points at goes away. Low is good.",
    "measure.randomized": "Randomized",
    "measure.randomized.help": "The rank correlation with the map of the model with all its weights re-drawn. Low is good.",
    # measuring
    "measuring.title": "Measure more",
    "measuring.about": "What is measured here is kept in {path} and stands in place of the shipped rows of the same model and map. "
    "What was measured before, on as many pictures of the same seed, is not measured again.",
    "measuring.models": "Models",
    "measuring.sources": "Maps",
    "measuring.all": "All that fit",
    "measuring.maps": "Attention maps of the model",
    "measuring.pictures": "Pictures",
    "measuring.timing": "Timing the models ...",
    "measuring.nothing": "All of this was measured before.",
    "measuring.offer": "Left to measure: {count} maps, which takes about {duration} here.",
    "measuring.offer.one": "Left to measure: 1 map, which takes about {duration} here.",
    "measuring.start": "Measure",
    "measuring.progress": "{model}: {done} of {total} pictures, about {left} left",
    "measuring.forget": "Remove what was measured on this machine",
}
