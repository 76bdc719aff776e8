using Glm5.Core.Chat;
using Glm5.Core.Tokenization;
using Glm5.Host.Serving;

namespace Glm5.Host.Api;

/// <summary>A conversation as the model reads it.</summary>
/// <param name="Tokens">Its ids.</param>
/// <param name="StartsInReasoning">True when the template left a think block open for the answer.</param>
internal sealed record ChatPrompt(int[] Tokens, bool StartsInReasoning)
{
    /// <summary>Renders and encodes a conversation.</summary>
    /// <exception cref="ApiException">This model takes no chats.</exception>
    public static ChatPrompt Of(ReadyModel ready, ChatTemplateInput input)
    {
        PromptText text = Render(ready, input);
        return new ChatPrompt(
            ready.Model.Tokenizer!.Encode(text), text.Text.EndsWith("<think>", StringComparison.Ordinal));
    }

    /// <summary>The prompt of a conversation as text.</summary>
    /// <exception cref="ApiException">This model takes no chats.</exception>
    public static PromptText Render(ReadyModel ready, ChatTemplateInput input)
    {
        if (ready.Model.Tokenizer is null)
        {
            throw ApiException.Invalid(
                "messages", "this server serves token ids without a tokenizer; send prompt as ids to /v1/completions");
        }

        if (ready.Model.Template is null)
            throw ApiException.Invalid("messages", "this model has no chat template; send a prompt to /v1/completions");
        return ready.Model.Template.Render(input);
    }
}
