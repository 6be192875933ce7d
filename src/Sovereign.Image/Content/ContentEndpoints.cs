using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Net.Http.Headers;
using Sovereign.Image.Images;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Image.Content;

internal sealed class ContentEndpoints(KernelServices kernel, ContentStore store, UploadService uploads)
{
    private const string Media = "application/octet-stream";
    private const int BufferBytes = 1024 * 1024;

    public void Map(Routes api)
    {
        api.Put("/images/{id}/file", "image:images:upload", Upload);
        api.Get("/images/{id}/file", "image:images:download", Download);
    }

    private async Task<Answer> Upload(Call call)
    {
        if (Prepare(call) is { } refused) return refused;
        var request = call.Http.Request;
        var done = await uploads.Upload(call.Access, call.Route("id"), request.Body, request.ContentLength, call.Http.RequestAborted);
        return Answer.Of(done, _ => Answer.Empty(204));
    }

    /// <summary>Checks the head of a request that carries an image, and lets it take its time.</summary>
    public static Fault? Prepare(Call call)
    {
        if (!string.Equals(call.Http.Request.ContentType?.Split(';')[0].Trim(), Media, StringComparison.OrdinalIgnoreCase))
        {
            return new Fault.UnsupportedMedia($"Unsupported Content-Type: image data is {Media}.");
        }

        if (call.Header("X-Image-Meta-Store") is { Length: > 0 } wanted && wanted != ImageView.StoreId)
        {
            return new Fault.Invalid("", $"Store '{wanted}' is not known here.");
        }

        // Only an idle stream is timed out, not a long one: hence not the call's own limit.
        if (call.Http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        return null;
    }

    private Task<Answer> Download(Call call)
    {
        var found = kernel.Database.Read(session => ImageLookup.Visible(session, call.Access, call.Route("id")));
        return Task.FromResult(Answer.Of(found, row => row switch
        {
            { Status: ImageStatus.Deactivated } when !call.Access.Everything => new Fault.Forbidden("The requested image has been deactivated. Image data download is forbidden."),
            { ContentFile: null } => Answer.Empty(204),
            _ when !store.Exists(row.ContentFile) => new Fault.Unavailable($"The content of image {row.Id} is not where it should be; the operator must look."),
            _ => Send(call, row, row.ContentFile),
        }));
    }

    private Answer Send(Call call, ImageRow row, string file)
    {
        var size = row.Size ?? 0;
        if (call.Header("Range") is not { } text) return Part(file, 0, size, 200).With("Content-MD5", row.Checksum ?? "").With("Accept-Ranges", "bytes");
        if (!RangeHeaderValue.TryParse(text, out var range) || range.Unit != "bytes" || range.Ranges.Count != 1)
        {
            return Unsatisfiable($"Invalid range '{text}': one range of bytes is read here.", size, call);
        }

        var one = range.Ranges.First();
        var from = one.From ?? Math.Max(0, size - (one.To ?? 0));
        var to = one.From is null ? size - 1 : Math.Min(one.To ?? (size - 1), size - 1);
        if (from > to || from >= size) return Unsatisfiable($"The range '{text}' lies outside of the image's {size} bytes.", size, call);
        return Part(file, from, to - from + 1, 206).With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to}/{size}"));
    }

    private Answer Part(string file, long offset, long length, int status) => Answer.Stream(status, Media, length, async (target, stop) =>
    {
        using var handle = store.Open(file);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var left = length; left > 0;)
            {
                var count = await RandomAccess.ReadAsync(handle, buffer.AsMemory(0, (int)Math.Min(left, BufferBytes)), offset + length - left, stop);
                if (count == 0) throw new IOException($"Content {file} is shorter than its row says.");
                await target.WriteAsync(buffer.AsMemory(0, count), stop);
                left -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    });

    private static Answer Unsatisfiable(string message, long size, Call call) => Answer.Bytes(
        StatusCodes.Status416RangeNotSatisfiable, call.Face.Dialect.Body(message, StatusCodes.Status416RangeNotSatisfiable, call.RequestId), call.Face.Dialect.ContentType)
        .With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes */{size}"));
}
