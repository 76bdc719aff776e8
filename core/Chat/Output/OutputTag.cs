namespace Glm5.Core.Chat.Output;

/// <summary>The tokens that give an answer its form.</summary>
internal enum OutputTag
{
    ThinkOpen,
    ThinkClose,
    CallOpen,
    CallClose,
    KeyOpen,
    KeyClose,
    ValueOpen,
    ValueClose,
}

/// <summary>How tags are written.</summary>
internal static class OutputTags
{
    private static readonly string[] s_texts =
    [
        "<think>", "</think>", "<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>",
    ];

    public static int Count => s_texts.Length;

    public static string Text(this OutputTag tag) => s_texts[(int)tag];
}
