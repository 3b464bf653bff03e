/* A V4L2 camera for one process that loads this library first (LD_PRELOAD): see docs/wire-camera.md.
 *
 * Opening the file that CAMERA_NODE names gives an anonymous file; the ioctls on it are answered here, as Linux'
 * uvcvideo answers them, for capture through shared memory. CAMERA_DESK is a folder with what the camera is:
 *
 *   film-0, film-1 …  its pictures as they go over the wire (JPEGs, for MJPG), one after the other and again from 0
 *   formats           "YUYV MJPG": the pixel formats it agrees to; the first unless another is asked for
 *   sizes             "640x480 1280x720": the sizes, likewise
 *   caps              the capabilities of this node, hexadecimal
 *   state             "live"; "held" by another program: EBUSY; "gone": ENODEV, as after an unplug; "stuck": the same
 *                     picture for ever; read before each picture
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFERS 8
#define BUFFER_BYTES (4u << 20)
#define INTERVAL_NS 33000000L

static int camera = -1; /* the descriptor that pictures flow through */
static int nodes[64];   /* every descriptor that was opened as the camera's */
static unsigned queued[BUFFERS], waiting, next_picture;
static struct v4l2_pix_format current;

static int is_camera(int fd)
{
    return fd >= 0 && fd < (int)(sizeof nodes / sizeof *nodes) && nodes[fd];
}

static int on_desk(const char *name, char *into, size_t most)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", getenv("CAMERA_DESK"), name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    int got = (int)fread(into, 1, most - 1, file);
    fclose(file);
    into[got] = 0;
    return got;
}

static int state_is(const char *wanted)
{
    char state[16] = "live";
    on_desk("state", state, sizeof state);
    return strncmp(state, wanted, strlen(wanted)) == 0;
}

static int open_node(const char *path, int flags, mode_t mode)
{
    static int (*real)(const char *, int, ...);
    if (!real)
        real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    const char *node = getenv("CAMERA_NODE");
    int there = node && strcmp(path, node) == 0 && access(node, F_OK) == 0;
    if (!there)
        return real(path, flags, mode);
    int fd = memfd_create("camera", MFD_CLOEXEC);
    if (fd < 0 || fd >= (int)(sizeof nodes / sizeof *nodes) || ftruncate(fd, (off_t)BUFFERS * BUFFER_BYTES) != 0)
        return -1;
    nodes[fd] = 1;
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open_node(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open_node(path, flags, mode);
}

int close(int fd)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "close");
    if (is_camera(fd))
        nodes[fd] = 0;
    if (fd == camera)
        camera = -1;
    return real(fd);
}

static int refuse(int reason)
{
    errno = reason;
    return -1;
}

/* What it agrees to of what is asked for. */
static struct v4l2_pix_format agreed(struct v4l2_pix_format asked)
{
    char formats[64] = "MJPG", sizes[64] = "1280x720", *rest;
    struct v4l2_pix_format given = {0};
    unsigned width, height, form;
    on_desk("formats", formats, sizeof formats);
    on_desk("sizes", sizes, sizeof sizes);
    for (char *word = strtok_r(formats, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        form = v4l2_fourcc(word[0], word[1], word[2], word[3]);
        if (!given.pixelformat || form == asked.pixelformat)
            given.pixelformat = form;
    }
    for (char *word = strtok_r(sizes, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        sscanf(word, "%ux%u", &width, &height);
        if (!given.width || (width == asked.width && height == asked.height))
            given.width = width, given.height = height;
    }
    given.field = V4L2_FIELD_NONE;
    given.bytesperline = given.pixelformat == V4L2_PIX_FMT_MJPEG ? 0 : 2 * given.width;
    given.sizeimage = BUFFER_BYTES;
    given.colorspace = V4L2_COLORSPACE_SRGB;
    return given;
}

static void describe(struct v4l2_buffer *buffer)
{
    buffer->length = BUFFER_BYTES;
    buffer->m.offset = buffer->index * BUFFER_BYTES;
    buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
}

static int deliver(int fd, struct v4l2_buffer *buffer)
{
    static char picture[BUFFER_BYTES];
    char name[24];
    struct timespec interval = {0, INTERVAL_NS}, now;
    nanosleep(&interval, NULL);
    if (state_is("gone"))
        return refuse(ENODEV);
    if (!waiting)
        return refuse(EAGAIN);
    if (!state_is("stuck"))
        next_picture++;
    snprintf(name, sizeof name, "film-%u", next_picture);
    int bytes = on_desk(name, picture, sizeof picture);
    if (bytes < 0) {
        next_picture = 0;
        bytes = on_desk("film-0", picture, sizeof picture);
    }
    buffer->index = queued[0];
    memmove(queued, queued + 1, --waiting * sizeof *queued);
    describe(buffer);
    if (pwrite(fd, picture, (size_t)bytes, buffer->m.offset) != bytes)
        return refuse(EIO);
    buffer->bytesused = (unsigned)bytes;
    clock_gettime(CLOCK_MONOTONIC, &now);
    buffer->timestamp.tv_sec = now.tv_sec;
    buffer->timestamp.tv_usec = now.tv_nsec / 1000;
    return 0;
}

static int answer(int fd, unsigned long request, void *argument)
{
    if (state_is("gone"))
        return refuse(ENODEV);
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *capability = argument;
        char caps[16] = "04200001";
        on_desk("caps", caps, sizeof caps);
        memset(capability, 0, sizeof *capability);
        strcpy((char *)capability->driver, "uvcvideo");
        strcpy((char *)capability->card, "Preloaded Camera");
        strcpy((char *)capability->bus_info, "usb-preload-1");
        capability->capabilities = 0x84A00001;
        capability->device_caps = (unsigned)strtoul(caps, NULL, 16);
        return 0;
    }
    case VIDIOC_G_INPUT:
        *(int *)argument = 0;
        return 0;
    case VIDIOC_S_INPUT:
        return 0;
    case VIDIOC_ENUMINPUT: {
        struct v4l2_input *input = argument;
        if (input->index)
            return refuse(EINVAL);
        memset(input, 0, sizeof *input);
        strcpy((char *)input->name, "Camera 1");
        input->type = V4L2_INPUT_TYPE_CAMERA;
        return 0;
    }
    case VIDIOC_G_FMT:
        ((struct v4l2_format *)argument)->fmt.pix = current.width ? current : agreed(current);
        return 0;
    case VIDIOC_S_FMT:
        if (state_is("held"))
            return refuse(EBUSY);
        current = agreed(((struct v4l2_format *)argument)->fmt.pix);
        ((struct v4l2_format *)argument)->fmt.pix = current;
        return 0;
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM: {
        struct v4l2_streamparm *parameter = argument;
        parameter->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        parameter->parm.capture.timeperframe.numerator = 1;
        parameter->parm.capture.timeperframe.denominator = 30;
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *wanted = argument;
        if (state_is("held"))
            return refuse(EBUSY);
        if (wanted->memory != V4L2_MEMORY_MMAP)
            return refuse(EINVAL);
        if (wanted->count > BUFFERS)
            wanted->count = BUFFERS;
        waiting = 0;
        return 0;
    }
    case VIDIOC_QUERYBUF:
        describe(argument);
        return 0;
    case VIDIOC_QBUF:
        if (waiting == BUFFERS)
            return refuse(EINVAL);
        queued[waiting++] = ((struct v4l2_buffer *)argument)->index;
        return 0;
    case VIDIOC_DQBUF:
        return deliver(fd, argument);
    case VIDIOC_STREAMON:
        camera = fd;
        return 0;
    case VIDIOC_STREAMOFF:
        camera = -1;
        waiting = 0;
        return 0;
    }
    return refuse(ENOTTY);
}

int ioctl(int fd, unsigned long request, ...)
{
    static int (*real)(int, unsigned long, ...);
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (!real)
        real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return is_camera(fd) ? answer(fd, request & 0xFFFFFFFFul, argument) : real(fd, request, argument);
}
