const ACTS = {
  "verify-email": {
    title: "Confirm your e-mail address",
    button: "Confirm",
    done: "Your address is confirmed.",
    mutation: "mutation ($input: VerifyEmailInput!) { act: verifyEmail(input: $input) { userErrors { message } } }",
  },
  "confirm-email": {
    title: "Confirm your new e-mail address",
    button: "Confirm",
    done: "This is the address of your account now. Sign in with it.",
    mutation: "mutation ($input: ConfirmEmailChangeInput!) { act: confirmEmailChange(input: $input) { userErrors { message } } }",
  },
  "reset-password": {
    title: "Choose a new password",
    button: "Save",
    asksPassword: true,
    done: "Your new password is set, and all devices are signed out. Sign in again.",
    mutation: "mutation ($input: ResetPasswordInput!) { act: resetPassword(input: $input) { userErrors { message } } }",
  },
};

/** Gives a mailed token back; returns what to tell the member, and whether it was done. */
async function give(act, token, newPassword) {
  const input = act.asksPassword ? { token, newPassword } : { token };
  try {
    const response = await fetch(new URL("../graphql", location.href), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: act.mutation, variables: { input } }),
    });
    const { data, errors } = await response.json();
    const refusal = errors?.[0] ?? data.act.userErrors[0];
    return refusal ? { done: false, text: refusal.message } : { done: true, text: act.done };
  } catch {
    return { done: false, text: "The server cannot be reached. Try again in a moment." };
  }
}

const act = ACTS[location.pathname.split("/").at(-1)];
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
const find = (id) => document.getElementById(id);
document.title = find("title").textContent = act.title;
find("button").textContent = act.button;
find("password").hidden = find("new").disabled = !act.asksPassword;
find("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  find("button").disabled = true;
  const { done, text } = await give(act, token, find("new").value);
  find("status").textContent = text;
  find("form").hidden = done;
  find("button").disabled = false;
});
