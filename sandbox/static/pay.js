// Fills the payment form with a test card or account. Without this script they can be typed.
"use strict";

const set = (name, value) => {
  const input = document.getElementById(name);
  if (input && !input.readOnly) input.value = value;
};

const fill = (button) => {
  const method = button.dataset.fill;
  const choice = document.querySelector(`input[name="method"][value="${method}"]`);
  if (choice) choice.checked = true;
  if (!document.getElementById("name").value) set("name", "Test Person");
  if (!document.getElementById("email").value) set("email", "test@payer.example");
  if (method === "card") {
    set("number", button.dataset.number);
    set("expiry", "12/34");
    set("cvc", "123");
  } else {
    set("institution", "000");
    set("transit", "11000");
    set("account", button.dataset.number);
  }
  document.querySelector("form .button").focus();
};

document.querySelectorAll(".fill").forEach((cell) => { cell.hidden = false; });
document.querySelectorAll("[data-fill]").forEach((button) => {
  button.addEventListener("click", () => fill(button));
});
