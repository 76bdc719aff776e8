using System.CommandLine;
using System.Diagnostics;
using System.Text;
using Glm5.Benchmarks.Machine;
using Glm5.Core.Tokenization;

namespace Glm5.Benchmarks.Commands;

/// <summary><c>tokenizer</c>: how fast one thread turns text into ids and ids into text.</summary>
internal static class TokenizerCommand
{
    private const int Rounds = 9;

    /// <summary>Characters of a round: texts are repeated or cut to it.</summary>
    private const int Length = 8_000_000;

    public static Command Create()
    {
        Option<FileInfo> tokenizer = new Option<FileInfo>("--tokenizer")
        {
            Description = "A tokenizer.json.",
            Required = true,
        }.AcceptExistingOnly();
        Option<FileInfo[]> texts = new Option<FileInfo[]>("--text")
        {
            Description = "Files of UTF-8 text, each measured by itself.",
            AllowMultipleArgumentsPerToken = true,
            Required = true,
        }.AcceptExistingOnly();
        Command command = new("tokenizer", "Time encoding and decoding of texts and of one letter repeated; prints JSON.")
        {
            tokenizer, texts,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(tokenizer), parsed.GetRequiredValue(texts), parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(FileInfo file, FileInfo[] files, InvocationConfiguration streams)
    {
        var tokenizer = Tokenizer.Load(file.FullName);
        List<TokenizedText> results = [];
        IEnumerable<(string, string)> read = files.Select(f => (f.Name, File.ReadAllText(f.FullName)));
        foreach ((string name, string text) in read.Append(("one letter", "a")))
        {
            if (text.Length == 0)
            {
                streams.Error.WriteLine($"{name} is empty");
                return 1;
            }

            TokenizedText result = Measure(tokenizer, name, Fill(text));
            results.Add(result);
            streams.Error.WriteLine(
                $"{name,-28} encode {result.EncodeMegabytesPerSecond}, decode {result.DecodeMegabytesPerSecond} MB/s");
        }

        streams.Output.WriteLine(ResultFile.Of("tokenizer", tokenized: results).ToJson());
        return 0;
    }

    private static string Fill(string text)
    {
        StringBuilder filled = new(Length + text.Length);
        while (filled.Length < Length)
            filled.Append(text);
        return filled.ToString(0, Length);
    }

    private static TokenizedText Measure(Tokenizer tokenizer, string name, string text)
    {
        double megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
        PromptText prompt = PromptText.Trusted(text);
        int[] ids = tokenizer.Encode(prompt);
        var (encode, decode) = (new double[Rounds], new double[Rounds]);
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            tokenizer.Encode(prompt);
            encode[round] = megabytes / Stopwatch.GetElapsedTime(start).TotalSeconds;

            start = Stopwatch.GetTimestamp();
            tokenizer.Decode(ids);
            decode[round] = megabytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return new TokenizedText(name, Math.Round(megabytes, 3), ids.Length, Spread.Of(encode), Spread.Of(decode));
    }
}

/// <summary>One text through the tokenizer, on one thread.</summary>
/// <param name="Text">Which text.</param>
/// <param name="Megabytes">Its size as UTF-8, 1 MB = 1e6 bytes.</param>
/// <param name="Tokens">Ids it has.</param>
/// <param name="EncodeMegabytesPerSecond">Text to ids.</param>
/// <param name="DecodeMegabytesPerSecond">Ids to text.</param>
internal sealed record TokenizedText(
    string Text, double Megabytes, int Tokens, Spread EncodeMegabytesPerSecond, Spread DecodeMegabytesPerSecond);
