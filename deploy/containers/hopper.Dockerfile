# A server on NVIDIA Hopper: H100, H200 and H20.
#
#     docker build -f deploy/containers/hopper.Dockerfile -t glm5:hopper .
#     docker run --rm --gpus all --ipc=host -p 127.0.0.1:8000:8000 -v /models:/models:ro glm5:hopper \
#       serve /models/GLM-5-FP8 --tensor-parallel-size 8
#
# The driver comes from the host by NVIDIA's container toolkit; the runtime image has NVRTC, cuBLAS and NCCL.
ARG BASE=nvidia/cuda:13.0.1-runtime-ubuntu24.04

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
