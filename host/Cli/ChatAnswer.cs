using System.Text;

namespace Glm5.Host.Cli;

/// <summary>One answer on its way to the screen.</summary>
internal sealed class ChatAnswer(ChatScreen screen, TimeProvider time)
{
    private readonly StringBuilder _content = new();
    private long _first;
    private long _last;
    private int? _tokens;
    private string? _finish;

    /// <summary>What of the answer has come so far, without the thinking.</summary>
    public string Content => _content.ToString();

    /// <summary>Shows the pieces as they come.</summary>
    public async Task ReceiveAsync(IAsyncEnumerable<ChatPiece> pieces)
    {
        await foreach (ChatPiece piece in pieces)
        {
            _tokens = piece.Tokens ?? _tokens;
            _finish = piece.Finish ?? _finish;
            if (piece.Reasoning.Length + piece.Content.Length == 0)
                continue;
            _last = time.GetTimestamp();
            _first = _first == 0 ? _last : _first;
            if (piece.Reasoning.Length > 0)
                screen.Reasoning(piece.Reasoning);
            if (piece.Content.Length > 0)
                screen.Content(piece.Content);
            _content.Append(piece.Content);
        }
    }

    /// <summary>Tokens and speed, for the line below the answer.</summary>
    public string Figures()
    {
        string end = _finish == "length" ? ", cut at the longest answer" : "";
        if (_tokens is not { } tokens)
            return end.TrimStart(',', ' ');
        double seconds = time.GetElapsedTime(_first, _last).TotalSeconds;
        string speed = tokens > 1 && seconds > 0 ? $", {(tokens - 1) / seconds:F0} tokens/s" : "";
        return $"{tokens} tokens{speed}{end}";
    }
}
