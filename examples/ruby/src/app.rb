# frozen_string_literal: true

require 'json'
require 'logger'

LOGGER = Logger.new($stdout)

# Answers GET /hello behind a REST API.
def handler(event:, context:)
  name = event.dig('queryStringParameters', 'name') || 'World'
  raise ArgumentError, 'nobody to greet' if name.strip.empty?

  LOGGER.info("greeting #{name}")
  {
    statusCode: 200,
    headers: { 'Content-Type' => 'application/json' },
    body: JSON.generate(message: "Hello, #{name}!", request: context.aws_request_id)
  }
end
