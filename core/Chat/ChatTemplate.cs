using System.Text.Json;
using Glm5.Core.Chat.Jinja;
using Glm5.Core.Tokenization;

namespace Glm5.Core.Chat;

/// <summary>
/// A checkpoint's chat template, run with Hugging Face semantics (specification, section 8). Immutable; any thread.
/// </summary>
public sealed class ChatTemplate
{
    private readonly TemplateSource _source;
    private readonly Statement[] _body;
    private readonly Bounds _bounds;
    private readonly TimeProvider _clock;

    private ChatTemplate(TemplateSource source, Statement[] body, Bounds bounds, TimeProvider clock)
    {
        _source = source;
        _body = body;
        _bounds = bounds;
        _clock = clock;
    }

    /// <summary>Compiles a template; <paramref name="name"/> stands in errors.</summary>
    /// <exception cref="ChatTemplateException">It uses what is not Jinja, or what is outside of the subset; names
    /// line and column.</exception>
    public static ChatTemplate Compile(string source, string name) => Compile(source, name, TimeProvider.System);

    /// <summary>
    /// Compiles a template whose <c>strftime_now</c> reads <paramref name="clock"/>, in its local time.
    /// </summary>
    /// <exception cref="ChatTemplateException">It uses what is not Jinja, or what is outside of the subset; names
    /// line and column.</exception>
    public static ChatTemplate Compile(string source, string name, TimeProvider clock) =>
        Compile(source, name, clock, Bounds.Default);

    internal static ChatTemplate Compile(string source, string name, TimeProvider clock, Bounds bounds)
    {
        if (source.Length > bounds.SourceLength)
        {
            throw new ChatTemplateException(
                $"{name} has {source.Length} characters; expected a chat template of at most {bounds.SourceLength}");
        }

        TemplateSource template = new(source, name);
        try
        {
            return new ChatTemplate(template, StatementParser.Parse(Lexer.Scan(template.Text), bounds), bounds, clock);
        }
        catch (SyntaxFault fault)
        {
            throw template.Complaint(fault.Message, fault.Offset);
        }
    }

    /// <summary>
    /// Renders a conversation. The result remembers which characters came from <paramref name="input"/>.
    /// </summary>
    /// <exception cref="ChatTemplateException">The template refused, or went beyond its bounds of steps or
    /// output.</exception>
    public PromptText Render(ChatTemplateInput input)
    {
        Interpreter run = new(_bounds, _clock, Define(input));
        try
        {
            run.Execute(_body);
        }
        catch (RenderFault fault)
        {
            throw _source.Complaint(fault.Message, run.At);
        }

        Text prompt = run.Output.ToText();
        return new PromptText(prompt.Chars, prompt.FromClient.ToArray());
    }

    /// <summary>
    /// What a conversation defines. As in Hugging Face, tools and documents are always there, None when there are
    /// none.
    /// </summary>
    private Scope Define(ChatTemplateInput input)
    {
        Scope scope = new(outside: null);
        Functions.Define(scope);
        scope.Set("documents", None.Instance);
        foreach ((string name, JsonElement value) in input.Variables)
        {
            scope.Set(name, Read(name, value));
        }

        if (input.Messages.ValueKind != JsonValueKind.Array)
        {
            throw new ChatTemplateException($"messages: expected a list, got {input.Messages.ValueKind}");
        }

        scope.Set("messages", Read("messages", input.Messages));
        scope.Set("tools", input.Tools is { } tools ? Read("tools", tools) : None.Instance);
        scope.Set("add_generation_prompt", Truth.Of(input.AddGenerationPrompt));
        return scope;
    }

    private Value Read(string name, JsonElement value)
    {
        try
        {
            return JsonInput.Read(value, _bounds.InputDepth);
        }
        catch (RenderFault fault)
        {
            throw new ChatTemplateException($"{name}: {fault.Message}");
        }
    }
}

/// <summary>What a template sees.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>
    /// The array of messages, as an API request has it, except that a tool call's arguments are an object where
    /// they were a JSON string of one.
    /// </summary>
    public required JsonElement Messages { get; init; }

    /// <summary>The array of tools; null when none are offered.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Whether the assistant's turn is opened at the end.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>
    /// Further variables: enable_thinking, clear_thinking and whatever else chat_template_kwargs holds.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>();
}
