/** Times of day as they are written everywhere in the panel. */

/** 24 hours with seconds, in the person's time zone. */
export const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
