# A server on Ascend A3 (910C), Arm host: 8 packages of two dies, each die a device of 64 GB.
#
#     docker build -f deploy/containers/a3-arm.Dockerfile -t glm5:a3-arm .
#     docker run --rm --ipc=host -p 127.0.0.1:8000:8000 -v /models:/models:ro \
#       --device /dev/davinci0 --device /dev/davinci1 --device /dev/davinci2 --device /dev/davinci3 \
#       --device /dev/davinci4 --device /dev/davinci5 --device /dev/davinci6 --device /dev/davinci7 \
#       --device /dev/davinci8 --device /dev/davinci9 --device /dev/davinci10 --device /dev/davinci11 \
#       --device /dev/davinci12 --device /dev/davinci13 --device /dev/davinci14 --device /dev/davinci15 \
#       --device /dev/davinci_manager --device /dev/devmm_svm --device /dev/hisi_hdc \
#       -v /usr/local/Ascend/driver:/usr/local/Ascend/driver:ro -v /usr/local/dcmi:/usr/local/dcmi:ro \
#       -v /usr/local/bin/npu-smi:/usr/local/bin/npu-smi:ro -v /etc/ascend_install.info:/etc/ascend_install.info:ro \
#       --group-add "$(stat -c %g /dev/davinci0)" glm5:a3-arm \
#       serve /models/GLM-5-W8A8 --tensor-parallel-size 8
#
# Driver and firmware are the host's; the image has CANN. The user gets the group that owns the devices instead of being root.
ARG BASE=quay.io/ascend/cann:8.5.0-a3-ubuntu22.04-py3.11

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG RID=linux-arm64
WORKDIR /source
COPY . .
RUN dotnet publish host -c Release -r ${RID} --self-contained -o /out

FROM ${BASE}
ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 GLM5_HOST=0.0.0.0
ENV LD_LIBRARY_PATH=/usr/local/Ascend/driver/lib64/common:/usr/local/Ascend/driver/lib64/driver
COPY --from=build /out /opt/glm5
RUN useradd --create-home --uid 10001 glm5
USER glm5
EXPOSE 8000
STOPSIGNAL SIGTERM
# Live from its first second, ready when the model is: orchestrators ask /health/ready.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["bash", "-c", "source /usr/local/Ascend/ascend-toolkit/set_env.sh && exec /opt/glm5/glm5 \"$@\"", "glm5"]
CMD ["serve", "glm5-nano"]
