using Glm5.Core.Chat;
using Glm5.Core.Model;
using Glm5.Core.Tokenization;
using Microsoft.Extensions.Logging;

namespace Glm5.Core;

/// <summary>Tokenizer and chat template of a checkpoint's folder, where it has them.</summary>
internal static partial class ModelText
{
    /// <summary>Reads both; each is null when its file is not there or ids are to be served.</summary>
    public static (Tokenizer? Tokenizer, ChatTemplate? Template) Load(ModelOptions options, ModelConfig config, ILogger logger)
    {
        string tokenizerFile = Path.Combine(options.Folder, "tokenizer.json");
        if (options.SkipTokenizer)
            return (null, null);
        if (!File.Exists(tokenizerFile))
        {
            LogNoTokenizer(logger, options.Folder);
            return (null, null);
        }

        Tokenizer tokenizer = Tokenizer.Load(tokenizerFile);
        if (tokenizer.VocabularySize > config.VocabSize)
        {
            throw new TokenizerException(
                $"{tokenizerFile} has ids up to {tokenizer.VocabularySize - 1}, the model's vocabulary ends at {config.VocabSize - 1}: "
                + "tokenizer and weights are of different models");
        }

        string templateFile = Path.Combine(options.Folder, "chat_template.jinja");
        if (File.Exists(templateFile))
            return (tokenizer, ChatTemplate.Compile(File.ReadAllText(templateFile), templateFile));
        LogNoTemplate(logger, options.Folder);
        return (tokenizer, null);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Folder} has no tokenizer.json: token ids are served, in and out")]
    private static partial void LogNoTokenizer(ILogger logger, string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Folder} has no chat_template.jinja: completions are served, chats are refused")]
    private static partial void LogNoTemplate(ILogger logger, string folder);
}
