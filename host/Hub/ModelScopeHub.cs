using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glm5.Host.Hub;

/// <summary>ModelScope.</summary>
internal sealed class ModelScopeHub(HubPlace place) : ModelHub(place)
{
    public override string MainBranch => "master";

    public override string TokenVariable => "MODELSCOPE_API_TOKEN";

    public override Uri ListAddress(ModelId model) =>
        Below($"{Repository(model)}/files?Revision={Escape(model.Revision ?? MainBranch)}&Recursive=true");

    public override Uri FileAddress(HubListing listing, HubFile file) =>
        Below($"{Repository(listing.Model)}?Revision={Escape(listing.Revision)}&FilePath={Escape(file.Name)}");

    public override Uri PageOf(ModelId model) => Below($"models/{model.Repository}");

    public override void Authorise(HttpRequestMessage request, HubToken token)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Value);
        // Private repositories are served to the session of that name, which a token stands for.
        request.Headers.TryAddWithoutValidation("Cookie", $"m_session_id={token.Value}");
    }

    protected override HubListing Parse(ModelId model, ReadOnlySpan<byte> json)
    {
        ModelScopeAnswer answer = JsonSerializer.Deserialize(json, ModelScopeJson.Default.ModelScopeAnswer)
            ?? throw Wrong("it is null");
        // Its errors may come with status 200.
        if (answer.Success == false || answer.Code is not (null or 200))
        {
            throw new HubException(
                HubFault.NotFound,
                $"{Host} does not list {model}: it answers with code {answer.Code}; check the name and the revision "
                + $"at {PageOf(model)}");
        }

        List<HubFile> files = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (ModelScopeFile? file in answer.Data?.Files ?? throw Wrong("it has no 'Data.Files'"))
        {
            if (file?.Type != "tree")
                Take(files, names, file?.Path, file?.Size, FileDigest.From(DigestKind.Sha256, file?.Sha256));
        }

        return new HubListing(model, model.Revision ?? MainBranch, files);
    }

    private static string Repository(ModelId model) => $"api/v1/models/{model.Repository}/repo";
}

/// <summary>The envelope of every answer; only what is used here.</summary>
internal sealed record ModelScopeAnswer(int? Code, bool? Success, ModelScopeFiles? Data);

/// <summary>The files of a repository.</summary>
internal sealed record ModelScopeFiles(IReadOnlyList<ModelScopeFile?>? Files);

/// <summary>A file, or a folder of type <c>tree</c>.</summary>
internal sealed record ModelScopeFile(string? Path, string? Type, long? Size, string? Sha256);

/// <summary>Their deserialisation.</summary>
[JsonSerializable(typeof(ModelScopeAnswer))]
internal sealed partial class ModelScopeJson : JsonSerializerContext;
