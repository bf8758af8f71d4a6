// Answers with the word that it was asked with, many times: no two questions have the same.
const pause = (milliseconds) => new Promise((over) => setTimeout(over, milliseconds))

const read = (event) => ('requestContext' in event ? JSON.parse(event.body) : event)

const answer = (question, context) => `${question.word} GENERATION ${context.functionName}\n` + question.word.repeat(question.times)

exports.handler = async (event, context) => {
  const question = read(event)
  await pause(question.pause)
  const body = answer(question, context)
  return 'requestContext' in event ? { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body } : body
}

exports.stream = awslambda.streamifyResponse(async (event, out, context) => {
  const question = read(event)
  const whole = answer(question, context)
  const part = Math.ceil(whole.length / 3)
  for (let at = 0; at < whole.length; at += part) {
    out.write(whole.slice(at, at + part))
    await pause(question.pause)
  }
  out.end()
})
