using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Security.Cryptography;
using Glm5.Host.Cli.Flags;
using Glm5.Host.Serving;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>
/// <c>glm5 chat</c>: a conversation in the terminal, with a server that runs already or with one that is started for
/// it. Piped input is one question, and only its answer is written.
/// </summary>
internal sealed class ChatCommand
{
    private readonly ModelFlags _model = new();

    private readonly Option<Uri> _url = new("--url")
    {
        Description = "Talk to the server at this address instead of loading a model, as in http://127.0.0.1:8000",
        HelpName = "url",
        CustomParser = ParseUrl,
    };

    private readonly Option<string> _key = new("--api-key")
    {
        Description = "The key that the server at --url asks for",
        HelpName = "key",
    };

    private readonly Option<string> _system = new("--system") { Description = "System prompt", HelpName = "text" };

    private readonly Option<bool> _noThinking = new("--no-thinking")
    {
        Description = "Let the model answer without thinking first",
    };

    private readonly Option<double?> _temperature = new("--temperature")
    {
        Description = "0 always takes the likeliest token [default: the model's own]",
        HelpName = "t",
        CustomParser = ParseTemperature,
    };

    private readonly Option<int> _maxTokens =
        WholeNumber.Option(
            "--max-tokens", "Longest answer, thinking included [default: until the context is full]", 1, int.MaxValue, 0);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var chat = new ChatCommand();
        var command = new LayeredCommand("chat", "Talk to a model in the terminal; piped input is one question");
        chat._model.AddTo(command);
        command.Add(new FlagGroup(
            "The conversation", chat._url, chat._key, chat._system, chat._noThinking, chat._temperature, chat._maxTokens));
        command.Validators.Add(result =>
        {
            // A variable may name the model for all commands; the line means what it says.
            bool isMeant = command.Flags.Of(Given.Model) is not { From.Layer: not Layer.Line };
            if (isMeant && result.GetResult(chat._url) is not null && chat._model.NamesModel(result))
                result.AddError("a model and --url exclude each other: the server at --url has its own; leave one out");
        });
        command.SetAction((line, _) => chat.RunAsync(line, command.Flags.Notes));
        return command;
    }

    private static Uri? ParseUrl(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (Uri.TryCreate(word, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
            return url;
        result.AddError($"--url is '{word}'; expected an address like http://127.0.0.1:8000");
        return null;
    }

    private static double? ParseTemperature(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (double.TryParse(word, CultureInfo.InvariantCulture, out double value) && value is >= 0 and <= 2)
            return value;
        result.AddError($"--temperature is '{word}'; expected a number from 0 to 2");
        return null;
    }

    private async Task<int> RunAsync(ParseResult line, IReadOnlyList<FlagNote> notes)
    {
        using var interrupt = new AnswerInterrupt();
        try
        {
            if (line.GetValue(_url) is not { } url)
                return await LoadAndTalkAsync(line, notes, interrupt);
            using var client = new ChatClient(url, line.GetValue(_key));
            return await TalkAsync(client, line, interrupt);
        }
        catch (ChatException exception)
        {
            return Say.Error(exception.Message, ExitCode.Server);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>Starts a server for this conversation alone: on loopback, with a key that nobody else knows.</summary>
    private async Task<int> LoadAndTalkAsync(
        ParseResult line, IReadOnlyList<FlagNote> notes, AnswerInterrupt interrupt)
    {
        BackendChoice choice = BackendCatalog.Choose(_model.Device(line));
        if (choice.Refusal is not null)
            return Say.Error($"{choice.Backend.Name} cannot be used here: {choice.Refusal}", ExitCode.Device);
        ChosenModel model = _model.Model(line);
        string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var options = new ServeOptions
        {
            Model = _model.Read(line),
            Find = model.Find,
            ServedNames = model.Names,
            Port = 0,
            ApiKeys = [key],
            DrainTime = TimeSpan.Zero,
            LeastLogged = LogLevel.Error,
        };
        if (!Console.IsInputRedirected)
            Say.Notes(notes);
        LoadDisplay? display = Console.IsInputRedirected ? null : new LoadDisplay();
        await using Server server =
            await Server.StartAsync(options, choice.Backend, display?.Observer, CancellationToken.None);
        try
        {
            await (display?.ShowAsync(server) ?? server.Ready);
        }
        catch (Exception exception) when (LoadFailure.CodeOf(exception) is { } code)
        {
            return Say.Error(exception.Message, code);
        }

        using var client = new ChatClient(server.Address, key);
        return await TalkAsync(client, line, interrupt);
    }

    private async Task<int> TalkAsync(ChatClient client, ParseResult line, AnswerInterrupt interrupt)
    {
        var settings = new ChatSettings
        {
            System = line.GetValue(_system),
            Thinking = !line.GetValue(_noThinking),
            Temperature = line.GetValue(_temperature),
            MaxTokens = line.GetValue(_maxTokens) is > 0 and int most ? most : null,
        };
        if (Console.IsInputRedirected)
            return await AnswerOnceAsync(client, settings, interrupt);
        string model = await AnsiConsole.Status().StartAsync("connecting", status => client.WaitUntilReadyAsync(
            word => status.Status($"the server loads its model: {Markup.Escape(ChatScreen.Harmless(word))}"), CancellationToken.None));
        var screen = new ChatScreen(AnsiConsole.Console);
        var dialogue = new ChatDialogue(client, model, settings, screen, Console.In, interrupt, TimeProvider.System);
        await dialogue.RunAsync();
        return ExitCode.Done;
    }

    /// <summary>The whole input is the question; the answer's text alone goes to standard output.</summary>
    private static async Task<int> AnswerOnceAsync(ChatClient client, ChatSettings settings, AnswerInterrupt interrupt)
    {
        string question = (await Console.In.ReadToEndAsync()).Trim();
        if (question.Length == 0)
            return Say.Error("standard input is empty; pipe a question into it, or run it in a terminal", ExitCode.Usage);
        using CancellationTokenSource stop = interrupt.Begin();
        string model = await client.WaitUntilReadyAsync(_ => { }, stop.Token);
        List<ChatMessage> messages = [new ChatMessage("user", question)];
        if (settings.System is { } system)
            messages.Insert(0, new ChatMessage("system", system));
        await foreach (ChatPiece piece in client.AskAsync(model, messages, settings, stop.Token))
            Console.Out.Write(Console.IsOutputRedirected ? piece.Content : ChatScreen.Harmless(piece.Content));
        Console.Out.WriteLine();
        return ExitCode.Done;
    }
}
