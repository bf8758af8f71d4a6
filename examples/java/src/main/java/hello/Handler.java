package hello;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

/** Answers GET /hello behind a REST API. */
public class Handler implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  @Override
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    String name = "World";
    if (event.get("queryStringParameters") instanceof Map<?, ?> query && query.get("name") instanceof String given) {
      name = given;
    }
    if (name.isBlank()) {
      throw new IllegalArgumentException("nobody to greet");
    }
    context.getLogger().log("greeting " + name);
    return Map.of(
        "statusCode", 200,
        "headers", Map.of("Content-Type", "text/plain"),
        "body", "Hello, " + name + "!");
  }
}
