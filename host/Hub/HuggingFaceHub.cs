using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glm5.Host.Hub;

/// <summary>Hugging Face and its mirrors.</summary>
internal sealed class HuggingFaceHub(HubPlace place) : ModelHub(place)
{
    public override string MainBranch => "main";

    public override string TokenVariable => "HF_TOKEN";

    public override Uri ListAddress(ModelId model) =>
        Below($"api/models/{model.Repository}/revision/{Escape(model.Revision ?? MainBranch)}?blobs=true");

    public override Uri FileAddress(HubListing listing, HubFile file) =>
        Below($"{listing.Model.Repository}/resolve/{Escape(listing.Revision)}/{Escape(file.Name)}");

    public override Uri PageOf(ModelId model) => Below(model.Repository);

    public override void Authorise(HttpRequestMessage request, HubToken token) =>
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Value);

    protected override HubListing Parse(ModelId model, ReadOnlySpan<byte> json)
    {
        HuggingFaceModel answer = JsonSerializer.Deserialize(json, HuggingFaceJson.Default.HuggingFaceModel)
            ?? throw Wrong("it is null");
        // The commit becomes the name of a folder: nothing but a commit will do.
        string commit = FileDigest.From(DigestKind.GitSha1, answer.Sha)?.Hex
            ?? throw Wrong("it has no commit in 'sha'");
        List<HubFile> files = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (HuggingFaceFile? file in answer.Siblings ?? throw Wrong("it has no 'siblings'"))
        {
            FileDigest? digest = file?.Lfs is { } stored
                ? FileDigest.From(DigestKind.Sha256, stored.Sha256)
                : FileDigest.From(DigestKind.GitSha1, file?.BlobId);
            Take(files, names, file?.Name, file?.Lfs?.Size ?? file?.Size, digest);
        }

        return new HubListing(model, commit, files);
    }
}

/// <summary>A model as the hub describes it; only what is used here.</summary>
internal sealed record HuggingFaceModel(
    [property: JsonPropertyName("sha")] string? Sha,
    [property: JsonPropertyName("siblings")] IReadOnlyList<HuggingFaceFile?>? Siblings);

/// <summary>One file of it.</summary>
internal sealed record HuggingFaceFile(
    [property: JsonPropertyName("rfilename")] string? Name,
    [property: JsonPropertyName("size")] long? Size,
    [property: JsonPropertyName("blobId")] string? BlobId,
    [property: JsonPropertyName("lfs")] HuggingFaceLfs? Lfs);

/// <summary>A file in large-file storage: the blob id above is then that of its pointer.</summary>
internal sealed record HuggingFaceLfs(
    [property: JsonPropertyName("sha256")] string? Sha256,
    [property: JsonPropertyName("size")] long? Size);

/// <summary>Their deserialisation.</summary>
[JsonSerializable(typeof(HuggingFaceModel))]
internal sealed partial class HuggingFaceJson : JsonSerializerContext;
