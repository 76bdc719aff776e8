# A server on CPUs, x86-64; on an Arm machine add --build-arg RID=linux-arm64.
#
#     docker build -f deploy/containers/cpu.Dockerfile -t glm5:cpu .
#     docker run --rm -p 127.0.0.1:8000:8000 -v /models:/models:ro glm5:cpu serve /models/GLM-5-FP8
#
# The model's files are mapped: give the container memory for their page cache, not for a copy.
ARG BASE=debian:bookworm-slim

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG RID=linux-x64
WORKDIR /source
COPY . .
RUN dotnet publish host -c Release -r ${RID} --self-contained -o /out

FROM ${BASE}
ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 GLM5_HOST=0.0.0.0
COPY --from=build /out /opt/glm5
RUN useradd --create-home --uid 10001 glm5
USER glm5
EXPOSE 8000
STOPSIGNAL SIGTERM
# Live from its first second, ready when the model is: orchestrators ask /health/ready.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["/opt/glm5/glm5"]
CMD ["serve", "glm5-nano"]
