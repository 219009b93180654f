"""Languages by their ISO 639-3 codes, which the detector says, as ISO 639-1, which the contracts say."""

from __future__ import annotations

_CODES = (
    "afr=af aka=ak amh=am ara=ar aze=az bel=be ben=bn bul=bg cat=ca ces=cs cmn=zh dan=da deu=de ell=el eng=en epo=eo "
    "est=et fas=fa pes=fa fin=fi fra=fr guj=gu heb=he hin=hi hrv=hr hun=hu hye=hy ind=id ita=it jav=jv jpn=ja kan=kn "
    "kat=ka khm=km kor=ko lat=la lav=lv lit=lt mal=ml mar=mr mkd=mk mya=my nep=ne nld=nl nob=nb ori=or pan=pa pol=pl "
    "por=pt ron=ro rus=ru sin=si slk=sk slv=sl sna=sn spa=es srp=sr swe=sv tam=ta tel=te tgl=tl tha=th tuk=tk tur=tr "
    "ukr=uk urd=ur uzb=uz vie=vi yid=yi zul=zu"
)
_SHORT = dict(pair.split("=") for pair in _CODES.split())


def short(code: str) -> str | None:
    """Two letters, None for a language that has none."""
    return _SHORT.get(code)
