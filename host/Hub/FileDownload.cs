using System.Net;
using System.Net.Http.Headers;

namespace Glm5.Host.Hub;

/// <summary>
/// Brings one file: under its lock, in ranges, from where an earlier process stopped, until its digest is right. Only
/// then does it get its name among the blobs.
/// </summary>
internal sealed partial class FileDownload(
    ModelHub hub, HubCache cache, HubHttp http, HubListing listing, HubSettings settings, DownloadProgress progress,
    ILogger logger, TimeProvider clock) : IDisposable
{
    private const int MostWrongDigests = 3;
    private const int MostRestarts = 3;
    private const int BufferBytes = 256 << 10;

    private readonly SemaphoreSlim _connections = new(settings.Connections);

    public void Dispose() => _connections.Dispose();

    /// <summary>Brings a file, or finds that it is here.</summary>
    public async Task RunAsync(HubFile file, CancellationToken stop)
    {
        if (!await TryFindAsync(file, stop))
        {
            using FileLock held = await FileLock.TakeAsync(cache.LockOf(listing, file), logger, clock, stop);
            if (!await TryFindAsync(file, stop))
                await BringAsync(file, stop);
        }

        progress.FileDone();
    }

    private async Task<bool> TryFindAsync(HubFile file, CancellationToken stop)
    {
        if (!await cache.IsPresentAsync(listing, file, stop))
            return false;
        progress.Found(file.Size);
        return true;
    }

    private async Task BringAsync(HubFile file, CancellationToken stop)
    {
        string partial = cache.PartialOf(listing, file);
        Directory.CreateDirectory(cache.BlobFolder(listing.Model));
        for (int tries = 1; ; tries++)
        {
            await ReceiveAsync(file, partial, stop);
            FileDigest found = await file.Digest.OfAsync(partial, stop);
            if (found == file.Digest)
                break;
            PartialFile.Delete(partial);
            progress.Found(-file.Size);
            if (tries == MostWrongDigests)
            {
                throw new HubException(
                    HubFault.Untrustworthy,
                    $"{file.Name} from {hub.Host} has {found}, but the list of files promises {file.Digest}; "
                    + $"{tries} downloads were wrong and nothing was kept. Something between here and the hub changes "
                    + "the bytes, or the hub's copy is damaged: try another network or endpoint");
            }

            LogWrongDigest(logger, file.Name, found.ToString(), file.Digest.ToString());
        }

        PartialFile.Finish(partial, cache.BlobOf(listing, file));
    }

    /// <summary>Receives until every byte is here, from the start again where the file changed under way.</summary>
    private async Task ReceiveAsync(HubFile file, string path, CancellationToken stop)
    {
        bool inPieces = true;
        for (int restarts = 0; ; restarts++)
        {
            using PartialFile partial = PartialFile.Open(
                path, file.Size, inPieces ? settings.PieceBytes : Math.Max(1, file.Size));
            progress.Found(partial.Arrived);
            try
            {
                // Mirrors exist whose machines give one file different tags: at the end the digest alone decides.
                await ReceivePiecesAsync(file, partial, heedTags: restarts < MostRestarts, stop);
                partial.Flush();
                return;
            }
            catch (FileRestartException restart)
            {
                progress.Found(-partial.Arrived);
                PartialFile.Delete(path);
                if (restarts == MostRestarts)
                    throw Restless(file, restart);
                LogRestart(logger, file.Name, restart.Message);
                inPieces &= restart.ServerKnowsRanges;
            }
        }
    }

    private HubException Restless(HubFile file, FileRestartException last) => new(
        HubFault.Untrustworthy,
        $"{file.Name} changes at {hub.Host} while it is fetched: {last.Message}, {MostRestarts + 1} times. "
        + "Try again later",
        last);

    private Task ReceivePiecesAsync(HubFile file, PartialFile partial, bool heedTags, CancellationToken stop)
    {
        ParallelOptions together = new() { MaxDegreeOfParallelism = settings.Connections, CancellationToken = stop };
        return Parallel.ForAsync(0, partial.Pieces, together, async (piece, token) =>
        {
            while (partial.Rest(piece).Length > 0)
            {
                await http.PatientlyAsync(
                    attempt => ReceiveOnceAsync(file, partial, piece, heedTags, attempt), file.Name, token);
            }
        });
    }

    private async ValueTask ReceiveOnceAsync(
        HubFile file, PartialFile partial, int piece, bool heedTags, CancellationToken stop)
    {
        await _connections.WaitAsync(stop);
        long before = partial.Rest(piece).Length;
        try
        {
            await TransferAsync(file, partial, piece, heedTags, stop);
        }
        catch (LinkFaultException fault) when (before - partial.Rest(piece).Length >= settings.StallBytes)
        {
            LogContinue(logger, file.Name, fault.Message);
        }
        finally
        {
            partial.RecordPiece(piece);
            _connections.Release();
        }
    }

    private async Task TransferAsync(
        HubFile file, PartialFile partial, int piece, bool heedTags, CancellationToken stop)
    {
        (long from, long length) = partial.Rest(piece);
        RangeHeaderValue? range = length == file.Size ? null : new RangeHeaderValue(from, from + length - 1);
        EntityTagHeaderValue? tag = heedTags && partial.Tag is { } agreed ? new EntityTagHeaderValue(agreed) : null;
        using HttpResponseMessage response = await http.OpenAsync(
            hub.FileAddress(listing, file), range, tag, listing.Model, stop);
        RequireAnswerTo(range, response, file);
        if (heedTags && response.Headers.ETag is { IsWeak: false } offered && !partial.Agrees(offered.Tag))
            throw new FileRestartException("it was replaced by another", serverKnowsRanges: true);

        await using StallGuard body = await StallGuard.OpenAsync(response, settings, clock, stop);
        byte[] buffer = new byte[(int)Math.Min(BufferBytes, length)];
        while (length > 0)
        {
            int read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length)));
            if (read == 0)
                throw new LinkFaultException($"the link ended {length} bytes early");
            await partial.WriteAsync(piece, buffer.AsMemory(0, read), stop);
            progress.Fetched(read);
            length -= read;
        }
    }

    private static void RequireAnswerTo(RangeHeaderValue? range, HttpResponseMessage response, HubFile file)
    {
        HttpContentHeaders headers = response.Content.Headers;
        if (range is null)
        {
            if (response.StatusCode != HttpStatusCode.OK || (headers.ContentLength is { } whole && whole != file.Size))
            {
                throw new FileRestartException(
                    $"it has {headers.ContentLength} bytes where {file.Size} are listed", serverKnowsRanges: true);
            }

            return;
        }

        if (response.StatusCode == HttpStatusCode.OK)
        {
            bool replaced = response.RequestMessage?.Headers.IfRange?.EntityTag is { } asked
                && response.Headers.ETag is { } now && !asked.Equals(now);
            throw new FileRestartException(
                replaced ? "it was replaced by another" : "the server does not send parts of it",
                serverKnowsRanges: replaced);
        }

        RangeItemHeaderValue asks = range.Ranges.First();
        if (headers.ContentRange is not { } sent || sent.From != asks.From || sent.To != asks.To
            || (sent.Length is { } size && size != file.Size))
        {
            throw new FileRestartException(
                $"the server sends {headers.ContentRange} where bytes {asks} of {file.Size} were asked for",
                serverKnowsRanges: false);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} has {Found}, expected {Expected}: fetching it again")]
    private static partial void LogWrongDigest(ILogger logger, string file, string found, string expected);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{File} begins again: {Reason}")]
    private static partial void LogRestart(ILogger logger, string file, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{File}: {Reason}; going on from there")]
    private static partial void LogContinue(ILogger logger, string file, string reason);
}
