// The search page. An entry of bookIndex is a section, a term or a function, and what it says.

const HAN = "\u3400-\u4dbf\u4e00-\u9fff";
const SHOWN = 20, BEFORE = 50, AFTER = 130;
const REVIEW = /-(exercises|quiz|takeaways)$/; // these repeat what other sections explain
const SUMMARY = {
  zh: (n) => (n > SHOWN ? `最相关的 ${SHOWN} 处` : n ? `找到 ${n} 处` : "没有找到"),
  en: (n) => (n > SHOWN ? `The best ${SHOWN} places` : n ? `${n} ${n === 1 ? "place" : "places"} found` : "Nothing found"),
};

// Without case and accents, and as long as before: what is found in it has the same place in the text itself.
const fold = (text) => text.normalize("NFC").replace(/[^\0-\x7f]/g, (c) => c.normalize("NFKD")[0]).toLowerCase();

// A word is found from its start on, without the ending that a plural changes. A run of Han characters is found
// as it stands or, less well, by its pairs, which need no dictionary of words.
function term(text) {
  const found = (pattern) => ({ text, pattern: new RegExp(pattern, "g") });
  if (!new RegExp(`[${HAN}]`).test(text))
    return [found(`(?<![a-z0-9])${text.replace(/(?<=.{4})(ies|y|s)$/, "").replace(/[.-]/g, "\\$&")}`)];
  return [text, ...[...text].slice(1).map((next, i) => text[i] + next)].map(found);
}

const terms = (query) =>
  (fold(query).match(new RegExp(`[${HAN}]+|(?:(?![${HAN}])[\\p{L}\\p{N}@_](?:[.-](?=[a-z0-9]))?)+`, "gu")) || []).map(term);

// How much of a term a text has, from 0 to 1.
function share([whole, ...pairs], text) {
  if (text.search(whole.pattern) >= 0) return 1;
  return pairs.filter(({ pattern }) => text.search(pattern) >= 0).length / (2 * pairs.length || 1);
}

// Give each entry the title of its page, which is that of the page's first entry.
function prepare() {
  const titles = new Map();
  for (const entry of bookIndex) {
    const page = entry.page + entry.lang;
    entry.place = titles.get(page) ?? entry.title;
    titles.set(page, entry.place);
    const { title, keywords = "", place, text } = entry;
    entry.folded = Object.fromEntries(Object.entries({ title, keywords, place, text }).map(([name, said]) => [name, fold(said)]));
  }
}

// A title counts for more than any number of words in a text, and the more of it the query names.
function value(one, { title, keywords, place, text }) {
  const times = (text.match(one[0].pattern) || []).length || share(one, text);
  const named = share(one, title) * (0.4 + (0.6 * one[0].text.length) / title.length);
  return 8 * named + 2 * share(one, keywords) + share(one, place) + times / (times + 2);
}

// The entries that have most of what is wanted, the best first.
function rank(wanted) {
  const shares = bookIndex.map(({ folded }) =>
    wanted.map((one) => Math.max(...Object.values(folded).map((field) => share(one, field)))));
  const rarity = wanted.map((_, i) => Math.log(1 + bookIndex.length / (1 + shares.filter((row) => row[i] > 0.5).length)));
  const hits = bookIndex.map((entry, at) => {
    const cover = shares[at].reduce((sum, one) => sum + one, 0) / wanted.length;
    const score = wanted.reduce((sum, one, i) => sum + rarity[i] * value(one, entry.folded), 0);
    const weight = entry.defined ? 0.7 : REVIEW.test(entry.anchor) ? 0.5 : 1;
    return { entry, cover, score: score * weight * cover ** 3 };
  });
  const best = Math.max(...hits.map(({ cover }) => cover));
  return once(hits.filter(({ cover }) => cover > 0 && cover >= best / 2).sort((a, b) => b.score - a.score));
}

// A section is one hit in whatever language it was found, and so are all terms or functions of a page.
function once(hits) {
  const seen = new Set();
  return hits.filter(({ entry }) => {
    const key = entry.page + (entry.defined ? "" : `#${entry.anchor}`);
    return !seen.has(key) && seen.add(key);
  });
}

const make = (tag, className, ...content) => {
  const element = Object.assign(document.createElement(tag), { className });
  element.append(...content);
  return element;
};

// A text with what was searched for marked.
function marked(text, wanted) {
  const parts = [], pattern = new RegExp(wanted.flat().map((one) => one.pattern.source).join("|"), "g");
  let end = 0;
  for (const { index, 0: { length } } of fold(text).matchAll(pattern)) {
    parts.push(text.slice(end, index), make("mark", "", text.slice(index, index + length)));
    end = index + length;
  }
  return [...parts, text.slice(end)];
}

// The text around the first find; no Latin word is cut.
function excerpt({ text, folded }, wanted) {
  const at = Math.max(0, wanted.flat().map(({ pattern }) => folded.text.search(pattern)).find((at) => at >= 0) ?? 0);
  const from = Math.max(0, at - BEFORE), until = at + AFTER;
  const before = text.slice(from, at), after = text.slice(at, until);
  return (from ? "…" + before.replace(/^\w*/, "") : before) + (until < text.length ? after.replace(/\w*$/, "") + "…" : after);
}

function result({ entry }, wanted) {
  const link = make("a", "", ...marked(entry.title, wanted));
  link.href = `${entry.page}.html#${entry.anchor}`;
  const item = make("li", "", link);
  item.lang = entry.lang;
  if (entry.place !== entry.title) item.append(make("div", "search-place", entry.place));
  if (entry.text) item.append(make("div", "search-excerpt", ...marked(excerpt(entry, wanted), wanted)));
  return item;
}

function show(query) {
  const wanted = terms(query), hits = wanted.length ? rank(wanted) : [];
  const { lang, dataset } = document.documentElement;
  const spoken = dataset.view === "both" ? ["zh", "en"] : [lang.slice(0, 2)];
  document.getElementById("search-summary").textContent =
    wanted.length ? spoken.map((language) => SUMMARY[language](hits.length)).join(" · ") : "";
  document.getElementById("search-results").replaceChildren(...hits.slice(0, SHOWN).map((hit) => result(hit, wanted)));
}

document.addEventListener("DOMContentLoaded", () => {
  prepare();
  const form = document.getElementById("search-form"), address = new URL(location);
  form.q.value = address.searchParams.get("q") ?? "";
  show(form.q.value);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.q.addEventListener("input", () => {
    address.searchParams.set("q", form.q.value);
    history.replaceState(null, "", address);
    show(form.q.value);
  });
});
