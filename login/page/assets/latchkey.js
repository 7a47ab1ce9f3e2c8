// Small comforts. Every page works without them.
"use strict";

// A password can be looked at while it is typed.
for (const input of document.querySelectorAll("input[data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.setAttribute("aria-controls", input.id);
  const hide = (hidden) => {
    input.type = hidden ? "password" : "text";
    button.textContent = hidden ? input.dataset.show : input.dataset.hide;
    button.setAttribute("aria-label", hidden ? input.dataset.showLabel : input.dataset.hideLabel);
  };
  hide(true);
  button.addEventListener("click", () => {
    const at = input.selectionStart;
    hide(input.type === "text");
    input.focus();
    input.setSelectionRange(at, at);
  });
  // What is sent, and what a browser may remember, is a password again.
  input.form?.addEventListener("submit", () => hide(true));
  input.after(button);
}

// Caps Lock is a common reason for a password that does not match.
for (const input of document.querySelectorAll("input[data-caps]")) {
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.setAttribute("role", "status");
  input.closest(".field").append(hint);
  const look = (event) => {
    const on = event.getModifierState?.("CapsLock") ? input.dataset.caps : "";
    if (hint.textContent !== on) hint.textContent = on;
  };
  input.addEventListener("keydown", look);
  input.addEventListener("keyup", look);
  input.addEventListener("blur", () => { hint.textContent = ""; });
}

// Time that is left until a form may be sent again. It is shown at each second and
// spoken at the end alone: the sentence above it says it at the start.
for (const line of document.querySelectorAll("[data-countdown]")) {
  const end = Date.now() + 1000 * line.dataset.countdown;
  const [shown, said] = line.children;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    shown.querySelector(".left").textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    if (left > 0) {
      setTimeout(tick, 1000);
    } else {
      shown.hidden = true;
      said.textContent = line.dataset.over;
    }
  };
  line.hidden = false;
  tick();
}

// What support asks for can be copied.
if (navigator.clipboard) {
  for (const code of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = code.dataset.copy;
    button.id = code.id + "-copy";
    button.setAttribute("aria-labelledby", button.id + " " + code.dataset.copyLabel);
    const said = document.createElement("span");
    said.className = "unseen";
    said.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = said.textContent = code.dataset.copied;
      setTimeout(() => {
        button.textContent = code.dataset.copy;
        said.textContent = "";
      }, 4000);
    });
    code.after(button, said);
  }
}

// Times in the reader's own zone, which is named; the exact one stays at hand.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (isNaN(at) || !time.dateTime.includes("T")) continue; // a day is the same everywhere
  time.title = time.textContent;
  // en-GB names zones in use there, CEST for example, and counts to 24. The order is
  // that of the page: 3 May 2026, 14:05 CEST.
  const lang = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const part = Object.fromEntries(new Intl.DateTimeFormat(lang, {
    day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
  }).formatToParts(at).map((p) => [p.type, p.value]));
  time.textContent = `${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute} ${part.timeZoneName}`;
}

// What went wrong or well is read first; links in it lead into the inputs.
document.querySelector("[data-focus]")?.focus();

// A form goes out once. The button is not disabled, which would lose the focus
// and, in some browsers, its value: the second submission is dropped instead.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    // The answer may leave this page standing: a program was opened, or the
    // network failed.
    setTimeout(() => again(form), 8000);
  });
}

const again = (form) => {
  delete form.dataset.sent;
  form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
};

// Back from the page cache, a form is fresh.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form").forEach(again);
});

// A menu closes by Escape, and when the eye has moved on.
for (const menu of document.querySelectorAll("details.menu")) {
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}
