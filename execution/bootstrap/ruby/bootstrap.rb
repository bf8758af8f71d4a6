# frozen_string_literal: true

# lamgate's runtime client for Ruby 2.7 and later. It keeps the contract of
# Lambda's own client: the context object, the shapes of errors, the form of log
# lines. It speaks to the Runtime API over a bare socket, since net/http costs
# more than all the rest of its start: an answer and the question for the next
# event leave in one write.
#
# Started with LAMGATE_STEM=PATH it is a stem cell: it makes itself ready, asks what
# to become, and goes on as if it had been started that way.

require 'json'
require 'socket'
require 'stringio'

# What functions may replace to read events and write answers in their own way.
module AwsLambda
  class Marshaller
    class << self
      def marshall_request(raw_request)
        raw_request['Content-Type'] == 'application/json' ? JSON.parse(raw_request.body) : raw_request.body
      end

      def marshall_response(method_response)
        case method_response
        when StringIO, IO then [method_response, 'application/unknown']
        else method_response.to_json
        end
      end
    end
  end
end

class LambdaContext
  attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name,
              :memory_limit_in_mb, :function_version, :identity, :client_context, :deadline_ms, :tenant_id

  def initialize(request)
    @deadline_ms = request['Lambda-Runtime-Deadline-Ms'].to_i
    @aws_request_id = request['Lambda-Runtime-Aws-Request-Id']
    @invoked_function_arn = request['Lambda-Runtime-Invoked-Function-Arn']
    @tenant_id = request['Lambda-Runtime-Aws-Tenant-Id']
    @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
    @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
    @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
    @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
    @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
    @identity = parse(request['Lambda-Runtime-Cognito-Identity'])
    @client_context = parse(request['Lambda-Runtime-Client-Context'])
  end

  def get_remaining_time_in_millis
    [@deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
  end

  private

  def parse(header)
    header && !header.empty? ? JSON.parse(header) : nil
  end
end

# Everything of the client that is nobody else's business.
module Lamgate
  # The one connection to the Runtime API.
  class Connection
    # What the Runtime API answers. Its headers are found in any case.
    class Reply
      attr_reader :status, :body

      def initialize(status, headers, body)
        @status, @headers, @body = status, headers, body
      end

      def [](name)
        @headers[name.downcase]
      end
    end

    def initialize(address)
      host, _, port = address.rpartition(':')
      @address = address
      @socket = TCPSocket.new(host, port.to_i)
      @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
      @next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: #{address}\r\n\r\n"
    end

    def ask
      @socket.write(@next)
    end

    def get(path)
      @socket.write("GET #{path} HTTP/1.1\r\nHost: #{@address}\r\n\r\n")
      reply
    end

    def post(path, body, headers, and_ask: false)
      body = body.b
      head = "POST /2018-06-01/runtime/#{path} HTTP/1.1\r\nHost: #{@address}\r\n" \
             "#{headers.map { |k, v| "#{k}: #{v.gsub(/[^\x20-\x7e]/, '?')}\r\n" }.join}Content-Length: #{body.bytesize}\r\n\r\n"
      @socket.write(head.b, body, and_ask ? @next : '')
    end

    def reply
      status = (@socket.gets("\r\n") || exit!(1))[9, 3]
      headers = {}
      while (line = @socket.gets("\r\n") || exit!(1)) != "\r\n"
        name, value = line.chomp.split(': ', 2)
        headers[name.downcase] = value
      end
      size = headers['content-length'].to_i
      body = size.zero? ? String.new : @socket.read(size)
      Reply.new(status, headers, body.force_encoding(Encoding::UTF_8))
    end
  end

  # A Failure is a function's error as callers and logs see it.
  class Failure
    # AWS: the type in the header is one of these; the body has the real one.
    KNOWN = %w[ArgumentError NoMethodError Exception StandardError NameError LoadError SystemExit SystemStackError].freeze

    attr_reader :type

    def initialize(error, classification)
      full = "#{classification}<#{error.class}>"
      @type = KNOWN.include?(error.class.to_s) ? full : 'Function<UserException>'
      frames = (error.backtrace_locations || []).first(100).take_while { |l| l.path != __FILE__ }
      @object = { errorMessage: error.message, errorType: full, stackTrace: frames.map(&:to_s) }
    end

    def log(title)
      Lamgate.event(title)
      Lamgate.event(JSON.pretty_generate(@object))
    end

    def headers
      { 'Content-Type' => 'application/json', 'Lambda-Runtime-Function-Error-Type' => @type }
    end

    def body
      @object.to_json
    end
  end

  # Finds the handler's method and calls it.
  class Handler
    attr_reader :file

    def initialize(name)
      parts = name.split('.')
      unless [2, 3].include?(parts.size)
        raise ArgumentError, "Invalid handler #{parts}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a callable method. If using CLASS, METHOD must be a class-level method."
      end
      @file, @method, @class = parts[0], parts[-1], (parts[1] if parts.size == 3)
    end

    def call(event, context)
      options = { event: event, context: context }
      @class ? Kernel.const_get(@class).send(@method, **options) : __send__(@method, **options)
    end
  end

  class << self
    attr_reader :request_id

    # One log event is one line: the line ends within it are carriage returns,
    # which lamgate turns back.
    def event(text)
      $stdout.write("#{text.to_s.encode('UTF-8', invalid: :replace, undef: :replace).chomp.tr("\n", "\r")}\n")
    end

    def run
      $stdout.sync = $stderr.sync = true
      connection = Connection.new(ENV['AWS_LAMBDA_RUNTIME_API'])
      become(connection) if ENV['LAMGATE_STEM']
      $LOAD_PATH.unshift(ENV['LAMBDA_TASK_ROOT'] || Dir.pwd)
      begin
        handler = Handler.new(ENV['_HANDLER'])
        require 'logger'
        Logger.prepend(LoggerPatch)
        require handler.file
      rescue Exception => e # LoadError and SyntaxError, and whatever the function's code raises
        failure = Failure.new(e, 'Init')
        failure.log("Init error when loading handler #{ENV['_HANDLER']}")
        connection.post('init/error', failure.body, failure.headers)
        connection.reply
        exit!(252) # AWS: -4
      end
      connection.ask
      loop { invoke(connection, handler) }
    end

    private

    # A stem cell asks what to become, and takes its environment and its place.
    def become(connection)
      require 'logger'
      reply = connection.get(ENV['LAMGATE_STEM'])
      return if reply.status != '200'

      ENV.replace(JSON.parse(reply.body)['environment'])
      Dir.chdir(ENV['LAMBDA_TASK_ROOT'] || '/var/task')
    end

    def invoke(connection, handler)
      request = connection.reply
      if request.status != '200'
        warn "lamgate: the Runtime API answered #{request.status}: #{request.body}"
        exit!(1)
      end
      @request_id = request['Lambda-Runtime-Aws-Request-Id']
      ENV['_X_AMZN_TRACE_ID'] = request['Lambda-Runtime-Trace-Id']
      path = "invocation/#{@request_id}"
      begin
        event = AwsLambda::Marshaller.marshall_request(request)
        answer, type = AwsLambda::Marshaller.marshall_response(handler.call(event, LambdaContext.new(request)))
        answer = answer.read if type == 'application/unknown'
      rescue StandardError, NoMethodError => e
        # AWS: a name that is not there ends the client, as what is no StandardError does.
        fail(connection, path, e, critical: e.is_a?(NameError))
      rescue Exception => e
        fail(connection, path, e, critical: true)
      else
        connection.post("#{path}/response", answer, { 'Content-Type' => type || 'application/json' }, and_ask: true)
        accepted(connection)
      end
    end

    def fail(connection, path, error, critical:)
      failure = Failure.new(error, 'Function')
      failure.log(critical ? 'Critical exception from handler' : 'Error raised from handler method')
      connection.post("#{path}/error", failure.body, failure.headers, and_ask: !critical)
      accepted(connection)
      exit!(255) if critical
    end

    def accepted(connection)
      reply = connection.reply
      return if reply.status == '202'

      event("LAMBDA_RUNTIME Failed to post handler success response. Http response code: #{reply.status}. #{reply.body}")
    end
  end

  # Loggers that write to the standard streams write events, in AWS's form.
  module LoggerPatch
    def initialize(logdev, *arguments, formatter: nil, level: nil, **options)
      if logdev.nil? || logdev == $stdout || logdev == $stderr
        logdev = Device
        formatter ||= ENV['AWS_LAMBDA_LOG_FORMAT'].to_s.casecmp?('json') ? JsonFormatter.new : TextFormatter.new
      end
      level ||= { 'TRACE' => 'DEBUG', nil => 'DEBUG' }.fetch(ENV['AWS_LAMBDA_LOG_LEVEL'], ENV['AWS_LAMBDA_LOG_LEVEL'])
      super(logdev, *arguments, formatter: formatter, level: level, **options)
    end
  end

  module Device
    def self.write(text)
      Lamgate.event(text)
    end

    def self.close; end
  end

  class TextFormatter
    def call(severity, time, progname, message)
      message = "#{message.message} (#{message.class})\n#{Array(message.backtrace).join("\n")}" if message.is_a?(Exception)
      message = message.inspect unless message.is_a?(String)
      format("%s, [%s #%d] %5s %s -- %s: %s\n", severity[0], time.strftime('%Y-%m-%dT%H:%M:%S.%6N'), $$, severity, Lamgate.request_id, progname, message)
    end
  end

  class JsonFormatter
    def call(severity, time, progname, message)
      line = { timestamp: time.utc.strftime('%Y-%m-%dT%H:%M:%S.%6NZ'), level: severity, message: text(message), requestId: Lamgate.request_id }
      line[:logger] = progname.to_s unless progname.to_s.empty?
      if message.is_a?(Exception)
        line.update(errorType: message.class.to_s, errorMessage: message.message, stackTrace: Array(message.backtrace))
        at = /\A(?<file>.+):(?<line>\d+):in [`'](?<method>.+)'\z/.match(Array(message.backtrace).first.to_s)
        line[:location] = "#{at[:file]}:#{at[:method]}:#{at[:line]}" if at
      end
      "#{JSON.generate(line.compact)}\n"
    end

    private

    def text(message)
      message = message.message if message.is_a?(Exception)
      message = message.inspect unless message.is_a?(String)
      message.encode('UTF-8', invalid: :replace, undef: :replace)
    end
  end
end

# AWS: what is put is one event, whatever its lines.
module Kernel
  def puts(*words)
    Lamgate.event(words.flatten.map(&:to_s).join("\n"))
  end
end

Lamgate.run
