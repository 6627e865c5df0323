// A document's text: offsets (code points, as in the files) to UTF-16 units and back, words, graphemes, paragraphs.

const LONG = 2000; // UTF-16 units that are drawn in one go; a browser lays a longer paragraph out too slowly for typing

// As Python's str.strip has it, which the server asks: three separators and NEL more than \s.
const [LEADING, TRAILING] = [/^[\s\x1c-\x1f\x85]+/u, /[\s\x1c-\x1f\x85]+$/u];

/** A line in pieces that are drawn each by itself: cut behind a sentence where there is one, else behind white space. */
function pieces(line) {
  const cuts = [0];
  while (line.length - cuts.at(-1) > LONG * 1.2) {
    const window = line.slice(cuts.at(-1), cuts.at(-1) + LONG);
    const [sentence, space] = [/^.*[.!?…。؟]["”’)]*\s/su.exec(window), /^.*\s/su.exec(window)];
    const found = sentence?.[0].length > LONG / 2 ? sentence : space;
    if (!found) break; // no white space at all: a cut could part what belongs together
    cuts.push(cuts.at(-1) + found[0].length);
  }
  return cuts.map((cut, i) => [cut, cuts[i + 1] ?? line.length]);
}

/** Borders of a text's segments where they are not white space: a word cursor stops at each, punctuation too. */
function segments(text, language, granularity) {
  let segmenter;
  try {
    segmenter = new Intl.Segmenter(language || undefined, { granularity });
  } catch {
    segmenter = new Intl.Segmenter(undefined, { granularity }); // a language tag that the browser does not know
  }
  return segmenter.segment(text);
}

const JOINED = /^\p{Cf}|^[^][\p{M}\p{Cf}]/u; // the two sides of a border at which one character may go on; rare between words

/** Gives the nearest border between graphemes, at or behind a unit (1) or at or before it (-1). */
function borders(text, language) {
  const graphemes = segments(text, language, "grapheme");
  return (unit, step) => {
    if (!JOINED.test(text.slice(Math.max(0, unit - 1), unit + 1))) return unit;
    const { index = unit, segment } = graphemes.containing(unit) ?? {};
    return index === unit || step < 0 ? index : index + segment.length;
  };
}

export class Text {
  /** @param text as the server sent it; every other offset in here and outside counts code points. */
  constructor(text, language) {
    this.text = text;
    this.language = language;
    this.measure();
    this.paragraphs = [];
    let start = 0;
    for (const line of text.endsWith("\n") ? text.slice(0, -1).split("\n") : text.split("\n")) {
      for (const [from, to] of pieces(line)) {
        this.paragraphs.push({ start: this.point(start + from), end: this.point(start + to), continued: from > 0 });
      }
      start += line.length + 1;
    }
    this.words = [];
    // A segment may hold white space, on which no span ends, and may part what is one character to a reader.
    const border = borders(text, language);
    for (const { segment, index } of segments(text, language, "word")) {
      const bare = segment.replace(LEADING, "");
      const led = index + segment.length - bare.length;
      const [from, to] = [border(led, 1), border(led + bare.replace(TRAILING, "").length, -1)];
      if (from < to) this.words.push({ start: this.point(from), end: this.point(to) });
    }
  }

  /** Tables between the two ways to count; none where they agree, which is most texts. */
  measure() {
    this.length = this.text.length;
    if (!/[\ud800-\udfff]/.test(this.text)) return;
    this.points = new Uint32Array(this.text.length + 1); // unit -> code point
    const units = []; // code point -> unit
    for (const letter of this.text) {
      const unit = units.length ? units[units.length - 1] + this.width : 0;
      this.width = letter.length;
      this.points.fill(units.length, unit, unit + letter.length);
      units.push(unit);
    }
    this.points[this.text.length] = units.length;
    this.length = units.length;
    this.units = Uint32Array.from([...units, this.text.length]);
  }

  unit(point) {
    return this.units ? this.units[point] : point;
  }

  point(unit) {
    return this.points ? this.points[unit] : unit;
  }

  slice(start, end) {
    return this.text.slice(this.unit(start), this.unit(end));
  }

  /** A span as the files hold it. */
  span(start, end) {
    return { start, end, text: this.slice(start, end) };
  }

  /** Index of the word at or after a point; the last one behind the end. */
  wordAt(point) {
    let [low, high] = [0, this.words.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.words[middle].end > point) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  paragraphAt(point) {
    let [low, high] = [0, this.paragraphs.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.paragraphs[middle].start <= point) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The next border of a grapheme before (-1) or behind (1) a point, over white space, which no span ends on. */
  grapheme(point, step, isStart) {
    const paragraph = this.paragraphs[this.paragraphAt(point)];
    const from = this.unit(paragraph.start);
    const borders = [];
    for (const { segment, index } of segments(this.text.slice(from, this.unit(paragraph.end)), this.language, "grapheme")) {
      if ((isStart ? LEADING : TRAILING).test(segment)) continue;
      borders.push(this.point(from + (isStart ? index : index + segment.length)));
    }
    return step > 0 ? borders.find((border) => border > point) ?? point : borders.findLast((border) => border < point) ?? point;
  }
}
