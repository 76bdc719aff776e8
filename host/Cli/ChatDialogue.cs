using System.Text;

namespace Glm5.Host.Cli;

/// <summary>A conversation: reads what a person says, keeps the turns, writes what the model answers.</summary>
internal sealed class ChatDialogue(
    ChatClient client,
    string model,
    ChatSettings settings,
    ChatScreen screen,
    TextReader input,
    AnswerInterrupt interrupt,
    TimeProvider time)
{
    private const string Help = """
        /help            this list
        /clear           forget the conversation
        /system [text]   set the system prompt, or show it; /system - removes it
        /think on|off    let the model think first, or not
        /exit            end; so does Ctrl-D
        A line that ends with \ goes on in the next one. Ctrl-C stops an answer; without one it ends the program.
        """;

    private readonly List<ChatMessage> _turns = [];
    private ChatSettings _settings = settings;

    /// <summary>Talks until the input ends or a command ends it.</summary>
    public async Task RunAsync()
    {
        screen.Note($"{model}. /help lists the commands, Ctrl-D ends.");
        while (Read() is { } text)
        {
            if (text.StartsWith('/'))
            {
                if (!Obey(text))
                    return;
            }
            else if (text.Length > 0)
            {
                await AnswerAsync(text);
            }
        }
    }

    /// <summary>What is said next, trimmed; null at the end of the input.</summary>
    private string? Read()
    {
        var text = new StringBuilder();
        for (bool more = false; ; more = true)
        {
            screen.Prompt(more);
            string? line = input.ReadLine();
            screen.LineWasRead();
            if (line is null)
                return text.Length > 0 ? text.ToString().Trim() : null;
            if (!line.EndsWith('\\'))
                return text.Append(line).ToString().Trim();
            text.Append(line.AsSpan(0, line.Length - 1)).Append('\n');
        }
    }

    /// <summary>Does what a command says; false ends the conversation.</summary>
    private bool Obey(string line)
    {
        string[] words = line.Split(' ', 2, StringSplitOptions.TrimEntries);
        string rest = words.Length > 1 ? words[1] : "";
        switch (words[0])
        {
            case "/exit" or "/quit":
                return false;
            case "/help":
                screen.Note(Help);
                break;
            case "/clear":
                _turns.Clear();
                screen.Note("The conversation is forgotten.");
                break;
            case "/system":
                if (rest.Length > 0)
                    _settings = _settings with { System = rest == "-" ? null : rest };
                screen.Note(_settings.System is { } system ? $"System prompt: {system}" : "There is no system prompt.");
                break;
            case "/think":
                if (rest is "on" or "off")
                    _settings = _settings with { Thinking = rest == "on" };
                screen.Note($"Thinking is {(_settings.Thinking ? "on" : "off")}.");
                break;
            default:
                screen.Error($"{words[0]} is not a command; /help lists them.");
                break;
        }

        return true;
    }

    private async Task AnswerAsync(string text)
    {
        _turns.Add(new ChatMessage("user", text));
        var answer = new ChatAnswer(screen, time);
        string note;
        using CancellationTokenSource stop = interrupt.Begin();
        try
        {
            await answer.ReceiveAsync(client.AskAsync(model, Messages(), _settings, stop.Token));
            note = answer.Figures();
        }
        catch (OperationCanceledException)
        {
            note = "stopped";
        }
        catch (ChatException exception)
        {
            screen.Error(exception.Message);
            note = "";
        }
        finally
        {
            interrupt.End();
        }

        screen.EndAnswer(note);
        // A question without an answer is taken back, or the next one would follow it.
        if (answer.Content.Length > 0)
            _turns.Add(new ChatMessage("assistant", answer.Content));
        else
            _turns.RemoveAt(_turns.Count - 1);
    }

    private List<ChatMessage> Messages() =>
        _settings.System is { } system ? [new ChatMessage("system", system), .. _turns] : [.. _turns];
}
