// Shows what came of a step, under the step's name or as an error.
const show = (name, what) => {
  const result = document.createElement('pre')
  result.id = name
  result.textContent = JSON.stringify(what)
  document.body.append(result)
}

const fail = (err) => show('error', { name: err.name, error: err.error ?? err.errorCode, message: err.message })
const attempt = (name, act, told) => act().then((user) => show(name, told(user)), fail)
