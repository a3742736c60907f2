"""The folders of a data project."""

from tactful.data.layout import init_data as init_data
